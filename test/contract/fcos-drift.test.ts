import type { FcosMachine } from "./fcos-machine";
import { deploymentOf, newImage, referenceOf } from "./fcos-parts";
import {
  changes,
  drivers,
  FcosStage,
  newKernel,
  oldKernel,
  pulls,
  twoSided,
  type Deployed,
  type DriverName,
} from "./fcos-stage";
import type { Props } from "./provider-process";
import { done, failed, parseError } from "./support";

const stage = new FcosStage();
type Host = Deployed & { props: Props };

/** A look: nothing on the machine changes by it, and its row says what differs. */
async function look({
  machine,
  news,
  props,
}: Host): Promise<{ props: Props; inputs: Props; said: string[] }> {
  await machine.settled();
  const [before, steps, said] = [machine.root.snapshot(), machine.steps.length, stage.said(news).length];
  const { id, props: outs, inputs } = await stage.provider.read("web", props);
  expect(id).toBe("web");
  expect(machine.root.snapshot()).toBe(before);
  expect(machine.steps.slice(steps).filter((step) => changes.test(step))).toEqual([]);
  return { props: outs, inputs, said: stage.said(news).slice(said) };
}

test.each(drivers)("%s: nothing differs: one connection, the same state, no word", async (driver) => {
  const host = await stage.deployed({ driver });
  const connections = host.machine.connections;
  const seen = await look(host);
  expect(host.machine.connections).toBe(connections + 1);
  expect(seen.props).toEqual(host.props);
  expect(seen.inputs).toEqual({ ...host.news, __provider: host.props["__provider"] });
  expect(seen.said).toEqual([]);
  expect((await stage.provider.diff("web", seen.props, host.news)).changes).toBe("none");
});

interface DriftCase {
  what: string;
  drivers?: readonly DriverName[];
  declared?: Props;
  change(host: Host): void;
  key: string;
  /** What the outputs, and the inputs of the refresh, show. */
  shows(host: Host): Props;
  /** How often the repair may boot the machine. */
  boots: number;
  pulls?: number;
}

const by = (machine: FcosMachine, command: string): void => void machine.byHand(command);
const driverOf = ({ machine }: Host): string =>
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
    declared: { unchangedEtc: ["/etc/hostname"] },
    change: ({ machine }) => machine.root.write("etc/hostname", "changed by hand\n"),
    key: "changedEtc",
    shows: () => ({ changedEtc: [expect.stringContaining("hostname")] as unknown[] }),
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
    change: ({ machine }) => void (machine.bootedDeployment.image.runsKernel = "6.6.6-1.fc44.x86_64"),
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
  const seen = await look(host);
  expect(seen.props).toMatchObject(drift.shows(host));
  expect(seen.inputs).toMatchObject(drift.shows(host));
  expect(seen.said.filter((line) => line.startsWith("warning: drift: ")).join("\n")).toContain(drift.key);
  if (drift.what.startsWith("another kernel")) delete image.runsKernel;

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
  const calm = await look({ ...host, props });
  expect(calm.said).toEqual([]);
});

test("what somebody layered: shown, and the clean deployment beside it is taken", async () => {
  const host = await stage.deployed();
  const { machine, image, news } = host;
  by(machine, "rpm-ostree install htop");
  by(machine, "systemctl reboot");
  await machine.settled();
  const seen = await look(host);
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
  const seen = await look(host);
  const { message } = failed(await stage.provider.update("web", seen.props, news));
  expect(parseError(message)).toMatchObject({ code: "preflight-refused" });
  expect(message).toContain("rpm-ostree reset");
});

test("a changed file of /etc: what stood there is saved before it is restored", async () => {
  const host = await stage.deployed({}, { unchangedEtc: ["/etc/hostname"] });
  const { machine, news } = host;
  machine.root.write("etc/hostname", "changed by hand\n");
  const seen = await look(host);
  done(await stage.provider.update("web", seen.props, news));
  expect(machine.root.read("etc/hostname")).toBe("localhost\n");
  expect(machine.root.snapshot()).toContain("changed by hand");
  expect(machine.root.list("var/lib/pulumi-immutable-os/etc-saved")).toHaveLength(1);
});

test("other files of /etc are nobody's business", async () => {
  const host = await stage.deployed({}, { unchangedEtc: ["/etc/hostname"] });
  host.machine.root.write("etc/motd", "welcome\n");
  expect((await look(host)).said).toEqual([]);
});

test.each(drivers)("%s: a machine that does not answer is kept as it was, and said so", async (driver) => {
  const host = await stage.deployed({ driver }, { connection: { deadlines: { connectSeconds: 2 } } });
  host.machine.cutOff();
  const seen = await look(host);
  expect(seen.props).toEqual(host.props);
  expect(seen.inputs).toEqual({ ...host.news, __provider: host.props["__provider"] });
  expect(seen.said).toEqual([expect.stringMatching(/^warning: could not be looked at.*unreachable/s)]);
});

test("a front end that fails is not read as an empty machine", async () => {
  const host = await stage.deployed();
  host.machine.answers.set(/^rpm-ostree status/, () => ({
    exitCode: 1,
    stderr: "error: Loading sysroot: exit status: 1\n",
  }));
  const seen = await look(host);
  expect(seen.props).toEqual(host.props);
  expect(seen.said.join("\n")).toContain("Loading sysroot");
});

test("another digest, and both at once: every difference is a line of its own", async () => {
  const host = await stage.deployed();
  const { machine } = host;
  by(machine, "rpm-ostree rollback");
  by(machine, "systemctl reboot");
  await machine.settled();
  machine.units.set("bootc-fetch-apply-updates.timer", "active");
  const { said } = await look(host);
  for (const key of ["booted.digest", "booted.kernelRelease", "activeUpdateDriver"])
    expect(said.filter((line) => line.includes(`${key} is `))).toHaveLength(1);
});

test("a third deployment, pinned by somebody, is listed and left alone", async () => {
  const host = await stage.declared();
  const other = deploymentOf(newImage("5.5.5-1.fc44.x86_64"), { pinned: true });
  host.machine.deployments.add(other);
  const { props } = done(await stage.provider.create(host.news));
  expect(props["deployments"]).toContainEqual({
    digest: other.image.digest,
    kernelRelease: "5.5.5-1.fc44.x86_64",
    role: "other",
    pinned: true,
  });
});

test("delete forgets, and touches nothing", async () => {
  const { machine, props } = await stage.deployed();
  const before = machine.root.snapshot();
  await stage.provider.delete("web", props);
  expect(machine.steps).toEqual([]);
  expect(machine.root.snapshot()).toBe(before);
});
