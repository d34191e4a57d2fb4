import { drivers, FcosStage, inputsFor, newKernel, pulls } from "./fcos-stage";
import type { FcosMachine } from "./fcos-machine";
import { newImage } from "./fcos-parts";
import type { Props } from "./provider-process";
import { done, failed, parseError } from "./support";

const stage = new FcosStage();
const parts = ["expected", "seen", "next"];

/** The machine is as it was: nothing was pulled, staged, finalized, pinned or masked, and it did not reboot. */
function expectUntouched(machine: FcosMachine, before: string): void {
  expect(machine.did(/^(rpm-ostree|bootc) (?!status|kargs$)|^ostree admin (?!status|config-diff)/)).toEqual(
    [],
  );
  expect(machine.did(/^systemctl .*(reboot|mask|stop|start)/)).toEqual([]);
  expect(machine.boots).toHaveLength(1);
  expect(machine.root.snapshot()).toBe(before);
}

async function refused(machine: FcosMachine, news: Props): Promise<{ code: string; message: string }> {
  const before = machine.root.snapshot();
  const { message } = failed(await stage.provider.create(news));
  expectUntouched(machine, before);
  const { code, parts: seen } = parseError(message);
  expect(seen).toEqual(parts);
  return { code, message };
}

describe.each(drivers)("by %s", (driver) => {
  test.each([
    ["/boot", { boot: 3_000_000, sysroot: 20_000_000_000 }],
    ["/sysroot", { boot: 200_000_000, sysroot: 50_000_000 }],
  ])("no room in %s", async (place, free) => {
    const { machine, news } = await stage.declared({ driver, free });
    const { code, message } = await refused(machine, news);
    expect(code).toBe("preflight-refused");
    expect(message).toContain(place);
  });

  test.each([
    ["zincati.service", "Zincati"],
    ["bootc-fetch-apply-updates.timer", "bootc-fetch-apply-updates.timer"],
  ])("%s is active, and updateDriver says fail", async (unit, name) => {
    const { machine, news } = await stage.declared({ driver }, { updateDriver: "fail" });
    machine.units.set(unit, "active");
    const { code, message } = await refused(machine, news);
    expect(code).toBe("preflight-refused");
    expect(message).toContain(name);
  });

  test.each([
    ["nothing is trusted", { default: [{ type: "reject" }] }],
    [
      "this registry is not trusted",
      {
        default: [{ type: "insecureAcceptAnything" }],
        transports: { docker: { "registry.test:5000": [{ type: "reject" }] } },
      },
    ],
  ])("a policy.json that would refuse the image: %s", async (_, policy) => {
    const { machine, news } = await stage.declared({ driver });
    machine.root.write("etc/containers/policy.json", JSON.stringify(policy));
    const { code, message } = await refused(machine, news);
    expect(code).toBe("preflight-refused");
    expect(message).toContain("policy.json");
  });

  test("image-signed where the policy accepts anything", async () => {
    const { machine, news } = await stage.declared({ driver }, { transport: "image-signed" });
    machine.root.write(
      "etc/containers/policy.json",
      JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
    );
    const { code, message } = await refused(machine, news);
    expect(code).toBe("preflight-refused");
    expect(message).toContain("policy.json");
  });

  test("what somebody layered on the machine", async () => {
    const { machine, news } = await stage.declared({
      driver,
      deployment: { layering: { "requested-packages": ["htop"] } },
    });
    const { code, message } = await refused(machine, news);
    expect(code).toBe("preflight-refused");
    expect(message).toContain("rpm-ostree reset");
    if (driver === "rpm-ostree") expect(message).toContain("htop");
  });

  test("not an ostree machine", async () => {
    const { machine, news } = await stage.declared({ driver });
    machine.root.remove("run/ostree-booted");
    const { code } = await refused(machine, news);
    expect(code).toBe("foreign-system");
  });

  test.each(["etc/machine-config-daemon/currentconfig", "etc/machine-config-daemon/node-annotations.json"])(
    "a node of the Machine Config Operator: %s",
    async (mark) => {
      const { machine, news } = await stage.declared({ driver });
      machine.root.write(mark, "{}");
      const { code, message } = await refused(machine, news);
      expect(code).toBe("foreign-system");
      expect(message).toMatch(/machineConfig|machineOSConfig/);
    },
  );

  test("a receipt of another machine; with adopt it becomes ours", async () => {
    const { machine, news } = await stage.declared({ driver });
    machine.root.write(
      "var/lib/pulumi-immutable-os/receipt.json",
      JSON.stringify({ machine: "database", attempts: [] }),
    );
    const { code, message } = await refused(machine, news);
    expect(code).toBe("foreign-machine");
    expect(message).toContain('"database"');
    expect(message).toContain("adopt");
    done(await stage.provider.create({ ...news, adopt: true }));
    expect(machine.root.read("var/lib/pulumi-immutable-os/receipt.json")).toMatch(/^\{"machine":"web"/);
  });
});

test("a transaction of somebody else", async () => {
  const { machine, news } = await stage.declared();
  machine.transaction = ["upgrade", ":1.42", "/org/projectatomic/rpmostree1/fedora_coreos"];
  const { code, message } = await refused(machine, news);
  expect(code).toBe("preflight-refused");
  expect(message).toContain("upgrade");
});

test("no front end at all, and not the one that was asked for", async () => {
  const none = await stage.declared({ without: ["rpm-ostree", "bootc"] });
  expect((await refused(none.machine, none.news)).message).toMatch(/rpm-ostree.*bootc/s);
  const other = await stage.declared({ without: ["bootc"] }, { driver: "bootc" });
  expect((await refused(other.machine, other.news)).message).toContain("bootc");
});

test("kernel arguments with bootc: they belong into the image", async () => {
  const { machine, news } = await stage.declared(
    { driver: "bootc" },
    { kernelArguments: { present: ["quiet"] } },
  );
  const { message } = await refused(machine, news);
  expect(message).toContain("/usr/lib/bootc/kargs.d");
});

test("every problem is told at once", async () => {
  const { machine, news } = await stage.declared({ free: { boot: 1, sysroot: 1 } }, { updateDriver: "fail" });
  machine.units.set("zincati.service", "active");
  const { message } = await refused(machine, news);
  for (const words of ["/boot", "/sysroot", "Zincati"]) expect(message).toContain(words);
});

describe("an update driver is masked, and said so", () => {
  test.each(drivers)("by %s", async (driver) => {
    const { machine, news } = await stage.declared({ driver });
    machine.units.enabled.add("zincati.service");
    machine.units.set("zincati.service", "active");
    const { props } = done(await stage.provider.create(news));
    expect(machine.units.masked.has("zincati.service")).toBe(true);
    expect(props).toMatchObject({ activeUpdateDriver: "" });
    expect(stage.said(news).join("\n")).toMatch(/zincati/i);
  });
});

test.each(drivers)("%s: what the registry and the pull say is the error", async (driver) => {
  const cases: [(machine: FcosMachine) => void, RegExp][] = [
    [({ registry }) => registry.images.clear(), /manifest unknown/],
    [({ registry }) => (registry.reachable = false), /connection refused/],
    [({ registry }) => (registry.login = "ann:secret"), /authentication required/],
    [({ registry }) => (registry.authority = "-----BEGIN CERTIFICATE-----"), /unknown authority/],
  ];
  for (const [change, words] of cases) {
    const { machine, news } = await stage.declared({ driver });
    change(machine);
    const result = await stage.provider.create(news);
    expect(result.end).toBe("failed");
    const { message } = failed(result);
    expect(parseError(message)).toMatchObject({ phase: "rebase", code: "rebase-failed" });
    expect(message).toMatch(words);
    expect(machine.boots).toHaveLength(1);
    expect(machine.deployments.staged).toBeUndefined();
  }
});

test.each(drivers)("%s: an image of another architecture", async (driver) => {
  const machine = await stage.machine({ driver });
  const image = machine.offer(newImage(newKernel, { architecture: "arm64" }));
  const { message } = failed(await stage.provider.create(inputsFor(machine, image)));
  expect(message).toMatch(/arm64/);
  expect(machine.deployments.staged).toBeUndefined();
  expect(machine.did(pulls).length).toBeLessThanOrEqual(1);
});
