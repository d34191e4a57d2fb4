import type { FcosMachine } from "./fcos-machine";
import { newImage, referenceOf } from "./fcos-parts";
import {
  drivers,
  FcosStage,
  newKernel,
  oldKernel,
  pulls,
  twoSided,
  type DeployedFcos,
  type DriverName,
} from "./fcos-stage";
import type { Props } from "./provider-process";
import { done, failed, parseError } from "./support";

const stage = new FcosStage();

interface DriftCase {
  what: string;
  drivers?: readonly DriverName[];
  declared?: Props;
  change(host: DeployedFcos): void;
  key: string;
  /** What the outputs, and the inputs of the refresh, show. */
  shows(host: DeployedFcos): Props;
  /** How often the repair may boot the machine. */
  boots: number;
  pulls?: number;
}

const by = (machine: FcosMachine, command: string): void => void machine.byHand(command);
const driverOf = ({ machine }: DeployedFcos): string =>
  machine.quirks.without?.includes("rpm-ostree") ? "bootc" : "rpm-ostree";

const cases: DriftCase[] = [
  {
    what: "somebody rolled it back",
    change(host) {
      by(host.machine, `${driverOf(host)} rollback`);
      by(host.machine, "systemctl reboot");
    },
    key: "booted.digest",
    shows: ({ old }) => ({ booted: { digest: old.digest, kernelRelease: oldKernel } }),
    boots: 1,
  },
  {
    what: "a rollback is queued",
    change: (host) => by(host.machine, `${driverOf(host)} rollback`),
    key: "bootDefault",
    shows: ({ old, image }) => ({
      booted: { digest: image.digest },
      bootDefault: { digest: old.digest, deployment: "other" },
    }),
    boots: 0,
  },
  {
    what: "somebody staged another image",
    change(host) {
      const other = host.machine.offer(newImage("6.9.9-1.fc44.x86_64"));
      const command =
        driverOf(host) === "bootc" ? "bootc switch " : "rpm-ostree rebase ostree-unverified-registry:";
      by(host.machine, command + referenceOf(other));
      host.machine.registry.pulls = 0;
    },
    key: "bootDefault",
    shows: () => ({ bootDefault: { deployment: "staged" } }),
    boots: 0,
  },
  {
    what: "an update driver is at work",
    change: ({ machine }) => machine.units.set("bootc-fetch-apply-updates.timer", "active"),
    key: "activeUpdateDriver",
    shows: () => ({
      activeUpdateDriver: expect.stringContaining("bootc-fetch-apply-updates.timer") as unknown,
    }),
    boots: 0,
  },
  {
    what: "a file of /etc was changed",
    declared: { unchangedEtc: ["/etc/issue"] },
    change: ({ machine }) => machine.root.write("etc/issue", "changed by hand\n"),
    key: "changedEtc",
    shows: () => ({ changedEtc: [expect.stringContaining("issue")] as unknown[] }),
    boots: 0,
  },
  {
    what: "it is unlocked for development",
    change: ({ machine }) => void (machine.bootedDeployment.unlocked = "development"),
    key: "booted.unlocked",
    shows: () => ({ booted: { unlocked: "development" } }),
    boots: 1,
  },
  {
    what: "another kernel runs than the image's",
    change: ({ machine }) => void (machine.kexecedInto = "6.6.6-1.fc44.x86_64"),
    key: "booted.kernelRelease",
    shows: () => ({ booted: { kernelRelease: "6.6.6-1.fc44.x86_64" } }),
    boots: 1,
  },
  {
    what: "a kernel argument is gone",
    drivers: ["rpm-ostree"],
    declared: { kernelArguments: { present: ["panic=30"], absent: ["mitigations=auto,nosmt"] } },
    change({ machine }) {
      by(machine, "rpm-ostree kargs --delete-if-present=panic=30 --append-if-missing=mitigations=auto,nosmt");
      by(machine, "systemctl reboot");
    },
    key: "kernelArguments",
    shows: () => ({ kernelArguments: { present: [], absent: [] } }),
    boots: 1,
  },
];

const trials = cases.flatMap((each) =>
  (each.drivers ?? drivers).map((driver) => [each.what, driver, each] as const),
);

test.each(trials)("drift: %s (%s): shown under its key, and repaired", async (_, driver, drift) => {
  const host = await stage.deployed({ driver }, drift.declared);
  const { machine, image, news } = host;
  drift.change(host);
  await machine.settled();
  const boots = machine.boots.length;
  const downloads = machine.registry.pulls;
  const seen = await stage.look(host);
  expect(seen.props).toMatchObject(drift.shows(host));
  expect(seen.inputs).toMatchObject(drift.shows(host));
  expect(seen.said.filter((line) => line.startsWith("warning: drift: ")).join("\n")).toContain(drift.key);

  expect((await stage.provider.diff("web", seen.props, news)).changes).not.toBe("none");
  const { props } = done(await stage.provider.update("web", seen.props, news));
  expect(props).toMatchObject({
    ...twoSided(image.digest, newKernel),
    ...(drift.declared?.["kernelArguments"] ? { kernelArguments: drift.declared["kernelArguments"] } : {}),
    unfinished: "",
  });
  expect(machine.boots).toHaveLength(boots + drift.boots);
  expect(machine.registry.pulls).toBe(downloads + (drift.pulls ?? 0));
  expect(machine.deployments.all[0]?.image.digest).toBe(image.digest);
  expect((await stage.provider.diff("web", props, news)).changes).toBe("none");
  const calm = await stage.look({ ...host, props });
  expect(calm.said).toEqual([]);
});

test("what somebody layered: shown, and the clean deployment beside it is taken", async () => {
  const host = await stage.deployed();
  const { machine, image, news } = host;
  by(machine, "rpm-ostree install htop");
  by(machine, "systemctl reboot");
  await machine.settled();
  const seen = await stage.look(host);
  expect(seen.props).toMatchObject({
    booted: { digest: image.digest, layering: [expect.stringContaining("htop")] as unknown[] },
  });
  expect(seen.said.join("\n")).toContain("booted.layering");
  const { props } = done(await stage.provider.update("web", seen.props, news));
  expect(props).toMatchObject({ booted: { layering: [] } });
  expect(machine.did(pulls)).toEqual([]);
});

test("what somebody layered, and no clean one is left: refused, with what to run", async () => {
  const host = await stage.deployed();
  const { machine, news } = host;
  by(machine, "rpm-ostree install htop");
  by(machine, "systemctl reboot");
  await machine.settled();
  for (const each of machine.deployments.list.filter((other) => other !== machine.bootedDeployment)) {
    each.pinned = false;
    machine.deployments.undeploy(each);
  }
  const seen = await stage.look(host);
  const { message } = failed(await stage.provider.update("web", seen.props, news));
  expect(parseError(message)).toMatchObject({ code: "preflight-refused" });
  expect(message).toContain("rpm-ostree reset");
});

test("a changed file of /etc: what stood there is saved before it is restored", async () => {
  const host = await stage.deployed({}, { unchangedEtc: ["/etc/issue"] });
  const { machine, news } = host;
  machine.root.write("etc/issue", "changed by hand\n");
  const seen = await stage.look(host);
  done(await stage.provider.update("web", seen.props, news));
  expect(machine.root.read("etc/issue")).toBe("Fedora CoreOS\n");
  expect(machine.root.snapshot()).toContain("changed by hand");
  expect(machine.root.list("var/lib/pulumi-immutable-os/etc-saved")).toHaveLength(1);
});

test("other files of /etc are nobody's business", async () => {
  const host = await stage.deployed({}, { unchangedEtc: ["/etc/issue"] });
  host.machine.root.write("etc/motd", "welcome\n");
  expect((await stage.look(host)).said).toEqual([]);
});

test("another digest, and both at once: every difference is a line of its own", async () => {
  const host = await stage.deployed();
  const { machine } = host;
  by(machine, "rpm-ostree rollback");
  by(machine, "systemctl reboot");
  await machine.settled();
  machine.units.set("bootc-fetch-apply-updates.timer", "active");
  const { said } = await stage.look(host);
  for (const key of ["booted.digest", "booted.kernelRelease", "activeUpdateDriver"])
    expect(said.filter((line) => line.includes(`${key} is `))).toHaveLength(1);
});
