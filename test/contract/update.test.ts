import { newSystem } from "./machine-inputs";
import type { PlayedSystem } from "./machine-parts";
import type { Props, Result } from "./provider-process";
import { done, failed, harmless, parseError, partial, Stage, urnOf, type Installed } from "./support";

const stage = new Stage({ installed: 14 });
let host: Installed;

beforeEach(async () => void (host = await stage.installed()));

const update = (system: PlayedSystem, install: Props = {}): Promise<Result> =>
  stage.provider.update("web", host.props, stage.inputs(host.machine, { system, install }));
const changing = (): string[] =>
  host.machine.steps.slice(host.before.steps).filter((step) => !harmless.test(step));
const names = (): string[] => changing().map((step) => step.replace(/ in \w+ #\d+$/, ""));
const connections = (): number => host.machine.connections - host.before.connections;
const nixCallsFor = async (system: PlayedSystem): Promise<string[]> =>
  (await stage.provider.nixCalls())
    .map(({ argv }) => argv)
    .filter((argv) => argv.some((argument) => argument.includes(system.toplevel.slice(11))))
    .map((argv) => argv.find((argument) => argument === "build" || argument === "copy") ?? "");

const job = (name: string): string[] => [`start ${name}`, `follow ${name}`, `rc of ${name}`];
const copying = ["mark the copy", "end stale relays", "nix-daemon"];

test("the same kernel, initrd and parameters: a live switch over one connection", async () => {
  const next = newSystem(host.machine, "f", "6.12.90");
  const bootId = host.machine.ram.bootId;
  const { props } = done(await update(next));
  expect(names()).toEqual([...copying, ...job("register"), ...job("switch")]);
  expect(connections()).toBe(1);
  expect(host.machine.ram.bootId).toBe(bootId);
  expect(props).toMatchObject({
    current: { toplevel: next.toplevel },
    booted: { toplevel: next.toplevel, kernelRelease: "6.12.90" },
    bootDefault: { toplevel: next.toplevel },
    bootedSystem: host.system.toplevel,
    history: [{ toplevel: next.toplevel }, { toplevel: host.system.toplevel }],
  });
  expect(stage.provider.engine.lasting(urnOf(host.news))).toContainEqual(
    expect.stringContaining("without a reboot"),
  );
  expect(
    (await stage.provider.diff("web", props, stage.inputs(host.machine, { system: next }))).changes,
  ).toBe("none");
});

test("another kernel: a boot entry, a reboot, a second connection", async () => {
  const next = newSystem(host.machine, "d", "6.13.1");
  const { props } = done(await update(next));
  expect(names()).toEqual([...copying, ...job("register"), "reboot"]);
  expect(connections()).toBe(2);
  expect(props).toMatchObject({
    booted: { kernelRelease: "6.13.1", toplevel: next.toplevel },
    phase: "confirm",
  });
  expect(host.machine.disk.wiped).toBe(1);
});

test("back to a system that the host still has: neither built nor copied", async () => {
  const next = newSystem(host.machine, "d", "6.13.1");
  const forward = done(await update(next));
  const callsBefore = await nixCallsFor(host.system);
  const since = host.machine.steps.length;
  const { props } = done(await stage.provider.update("web", forward.props, host.news));
  expect(await nixCallsFor(host.system)).toEqual(callsBefore);
  const run = host.machine.steps.slice(since).filter((step) => !harmless.test(step));
  expect(run.map((step) => step.replace(/ in \w+ #\d+$/, ""))).toEqual([...job("register"), "reboot"]);
  expect(props).toMatchObject({ booted: { kernelRelease: "6.12.90", toplevel: host.system.toplevel } });
  expect((props["history"] as unknown[]).length).toBe(3);
});

test("nothing to do: one connection, nothing is changed", async () => {
  done(await stage.provider.update("web", host.props, host.news));
  expect(names()).toEqual([]);
  expect(connections()).toBe(1);
});

test("a system that does not build: plain error, the host is not touched", async () => {
  const next = { ...newSystem(host.machine, "does-not-build", "6.13.1") };
  const { message } = failed(await update(next));
  expect(parseError(message)).toEqual({
    phase: "build",
    code: "build-failed",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("error: builder for 'kernel.drv' failed");
  expect(names()).toEqual([]);
});

test("a copy that does not fit: plain error, the old state is the truth", async () => {
  const { message } = failed(await update(newSystem(host.machine, "does-not-fit", "6.13.1")));
  expect(parseError(message)).toEqual({
    phase: "copy",
    code: "copy-failed",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("No space left on device");
  expect(names()).toEqual(copying);
});

test.each([
  ["register", "d", "6.13.1", "boot entry"],
  ["switch", "f", "6.12.90", "switch"],
])("%s fails: kept with what was seen, and the next up goes on", async (name, system, kernel, phase) => {
  const next = newSystem(host.machine, system, kernel);
  host.machine.quirks.jobs = { [name]: { output: "Job for web.service failed", exitCode: 1 } };
  const { message, props } = partial(await update(next));
  expect(parseError(message)).toEqual({
    phase,
    code: "activation-failed",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("Job for web.service failed");
  expect(props).toMatchObject({
    unfinished: phase,
    current: { toplevel: host.system.toplevel },
    attempts: [{ phase }],
  });
  expect(props["__provider"]).toBeDefined();

  delete host.machine.quirks.jobs;
  const last = done(await stage.provider.update("web", props, stage.inputs(host.machine, { system: next })));
  expect(last.props).toMatchObject({ unfinished: "", current: { toplevel: next.toplevel } });
});

test("units that failed in a switch are a warning, not an error", async () => {
  const next = newSystem(host.machine, "f", "6.12.90");
  host.machine.quirks.jobs = {
    switch: { output: "warning: the following units failed: web.service", exitCode: 4 },
  };
  done(await update(next));
  expect(stage.provider.engine.lasting(urnOf(host.news))).toContainEqual(
    expect.stringMatching(/^warning: .*some of its units failed/),
  );
});

test("the new kernel does not come up and the old one does: kept with what runs", async () => {
  host.machine.quirks.bootsInstead = host.system;
  const { message, props } = partial(await update(newSystem(host.machine, "d", "6.13.1")));
  expect(parseError(message)).toMatchObject({ phase: "confirm", code: "wrong-system" });
  expect(props).toMatchObject({ booted: { kernelRelease: "6.12.90" }, unfinished: "confirm" });
});

test("another layout without consent is refused by update as well", async () => {
  const news = { ...host.news, layout: { ...(host.news["layout"] as Props), hash: "another" } };
  const { message } = failed(await stage.provider.update("web", host.props, news));
  expect(parseError(message)).toMatchObject({ code: "reinstall-refused" });
  expect(names()).toEqual([]);
});

test("another layout with consent: reinstalled in place, the same machine", async () => {
  host.machine.mayKexec.add("nixos");
  const install = { ...(host.news["install"] as Props), allowReinstall: ["LABDISK1"] };
  const news = { ...host.news, layout: { ...(host.news["layout"] as Props), hash: "another" }, install };
  const { props } = done(await stage.provider.update("web", host.props, news));
  expect(host.machine.disk.wiped).toBe(2);
  expect(connections()).toBe(3);
  expect(props).toMatchObject({
    phase: "confirm",
    hostKeys: host.props["hostKeys"],
    machineId: host.props["machineId"],
  });
});

/** Not by this resource: somebody started an installer, and RAM holds no receipt of ours. */
async function foundInInstaller(): Promise<void> {
  host.machine.leaveFor("installer");
  await host.machine.settled();
}

test("an installed machine in an installer that nobody here booted: refused, nothing is run", async () => {
  await foundInInstaller();
  const { message } = failed(await stage.provider.update("web", host.props, host.news));
  expect(parseError(message)).toEqual({
    phase: "",
    code: "reinstall-refused",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("reboot the machine into its system");
  expect(changing()).toEqual([]);
  expect(host.machine.disk).toMatchObject({ wiped: 1, profile: host.system.toplevel });

  host.machine.rebootFromDisk();
  await host.machine.settled();
  done(await stage.provider.update("web", host.props, host.news));
  expect(changing()).toEqual([]);
});

test("the same with another trigger: only consent lets it be installed anew", async () => {
  await foundInInstaller();
  const install = { ...(host.news["install"] as Props), reinstallTrigger: "2" };
  const news = { ...host.news, install };
  const { message } = failed(await stage.provider.update("web", host.props, news));
  expect(parseError(message)).toMatchObject({ phase: "", code: "reinstall-refused" });
  expect(changing()).toEqual([]);
  const allowed = { ...news, install: { ...install, allowReinstall: ["LABDISK1"] } };
  const { props } = done(await stage.provider.update("web", host.props, allowed));
  expect(props).toMatchObject({ phase: "confirm", current: { toplevel: host.system.toplevel } });
  expect(host.machine.disk.wiped).toBe(2);
});
