import { diskoScript, newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import { byId } from "./machine-probe";
import { ramFiles } from "./played-install";
import type { Props } from "./provider-process";
import { done, failed, harmless, parseError, partial, Stage, urnOf } from "./support";

const stage = new Stage();

async function declared(
  install: Props = {},
): Promise<{ machine: Machine; system: PlayedSystem; news: Props }> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, system, news: stage.inputs(machine, { system, install }) };
}

/** The plugin is killed while `step` runs: the engine knows nothing, and the next up calls create again. */
async function killedAt(machine: Machine, news: Props, step: string): Promise<void> {
  const reached = machine.reached(step);
  const create = stage.provider.create(news);
  await reached;
  await stage.provider.kill();
  await create;
  await stage.provider.launch();
  await machine.settled();
}

test.each([
  ["start install in installer #1", 1],
  ["receipt in installer #3", 1],
  ["nix-daemon in installer #2", 1],
  ["nix-daemon in installer #1", 1],
  ["rc of disko in installer #1", 2],
])("killed at %s: create goes on from the receipt", async (step, wiped) => {
  const { machine, system, news } = await declared();
  await killedAt(machine, news, step);
  expect(machine.system).toBe("installer");
  const kexecs = machine.steps.filter((name) => name.startsWith("kexec in")).length;
  done(await stage.provider.create(news));
  expect(machine.current).toBe(system.toplevel);
  expect(machine.disk.wiped).toBe(wiped);
  expect(machine.steps.filter((name) => name.startsWith("kexec in")).length).toBe(kexecs);
});

test("killed while disko works: its job leaves no disk key in the installer, and create goes on", async () => {
  const diskEncryptionKeys = {
    "/tmp/a.key": { content: "correct horse battery" },
    "/run/b.key": { content: "b" },
  };
  const { machine, news } = await declared({ diskEncryptionKeys });
  await killedAt(machine, news, "follow disko in installer #1");
  expect(machine.steps.filter((step) => step.startsWith("remove keys"))).toEqual([]);
  expect([...ramFiles(machine).keys()]).toEqual([]);
  done(await stage.provider.create(news));
  expect([...ramFiles(machine).keys()]).toEqual([]);
});

test("killed after the reboot was ordered: create only confirms", async () => {
  const { machine, system, news } = await declared();
  await killedAt(machine, news, "boot_id in nixos #1");
  const before = machine.steps.length;
  const { props } = done(await stage.provider.create(news));
  expect(machine.steps.slice(before).filter((step) => !harmless.test(step))).toEqual([]);
  expect(props).toMatchObject({ phase: "confirm", current: { toplevel: system.toplevel } });
  expect(machine.disk.wiped).toBe(1);
});

test("a NixOS without a receipt is a foreign system: nothing is run", async () => {
  const { machine, system, news } = await declared();
  await machine.becomeInstalled(system, "");
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({
    phase: "",
    code: "foreign-system",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("install.allowReinstall");
  expect(machine.steps).toEqual(["probe in nixos #1", "release lease in nixos #1"]);
});

test("a NixOS without a receipt is installed with consent", async () => {
  const { machine, system, news } = await declared({ allowReinstall: ["LABDISK1"] });
  await machine.becomeInstalled(newSystem(machine, "theirs", "6.6.6"), "");
  machine.mayKexec.add("nixos");
  done(await stage.provider.create(news));
  expect(machine.current).toBe(system.toplevel);
  expect(machine.disk.wiped).toBe(1);
});

test("the receipt of another machine: nothing is run", async () => {
  const { machine, system, news } = await declared();
  const receipt = {
    machine: "database",
    installKey: "x",
    disks: [],
    done: ["kexec", "disko", "install"],
    attempts: [],
  };
  await machine.becomeInstalled(system, JSON.stringify(receipt));
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({
    phase: "",
    code: "foreign-machine",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain('machine "database"');
  expect(machine.steps).toEqual(["probe in nixos #1", "release lease in nixos #1"]);
});

test("a part of the phases is run and proved, and a later up goes on", async () => {
  const { machine, news } = await declared({ phases: ["kexec"] });
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "kexec", unfinished: "" });
  expect(machine.system).toBe("installer");
  expect(machine.disk.wiped).toBe(0);
  expect((await stage.provider.diff("web", props, news)).changes).toBe("none");

  const all = {
    ...news,
    install: { ...(news["install"] as Props), phases: ["kexec", "disko", "install", "reboot"] },
  };
  expect((await stage.provider.diff("web", props, all)).changes).toBe("unknown");
  const { props: last } = done(await stage.provider.update("web", props, all));
  expect(last).toMatchObject({ phase: "confirm" });
  expect(machine.steps.filter((step) => step.startsWith("kexec in")).length).toBe(1);
});

test("an unfinished run: the next preview shows a change, and update goes on", async () => {
  const { machine, news } = await declared();
  machine.quirks.jobs = { install: { output: "no space", exitCode: 1 } };
  const { props } = partial(await stage.provider.create(news));
  expect((await stage.provider.diff("web", props, news)).changes).toBe("some");
  delete machine.quirks.jobs;
  const { props: last } = done(await stage.provider.update("web", props, news));
  expect(last).toMatchObject({
    phase: "confirm",
    unfinished: "",
    attempts: [{ phase: "install", code: "install-failed" }],
  });
  expect(machine.disk.wiped).toBe(1);
  expect(JSON.parse(machine.disk.receipt)).toMatchObject({ done: ["kexec", "disko", "install"] });
  expect(machine.heard.join()).toContain(diskoScript);
  expect(stage.provider.engine.lasting(urnOf(news)).some((line) => line.includes("goes on"))).toBe(true);
});

test("the disk of the old system is remembered: another one is refused by every up, also undeclared", async () => {
  const { machine, system } = await declared();
  machine.quirks.serialInInstaller = "OTHERDISK";
  const news = stage.inputs(machine, { system, install: { disks: [{ device: byId(machine.disk.serial) }] } });
  const wrong = { code: "wrong-disk", phase: "disko", parts: ["expected", "seen", "next"] };
  const first = partial(await stage.provider.create(news));
  const second = partial(await stage.provider.update("web", first.props, news));
  // The state is lost: only the machine itself still knows.
  const third = partial(await stage.provider.create(news));
  for (const { message } of [first, second, third]) {
    expect(parseError(message)).toEqual(wrong);
    expect(message).toContain("has serial OTHERDISK, not LABDISK1");
  }
  expect(machine.disk.wiped).toBe(0);
  expect(machine.steps.filter((step) => step.startsWith("start "))).toEqual([]);

  delete machine.quirks.serialInInstaller;
  done(await stage.provider.update("web", second.props, news));
  expect(machine.disk.wiped).toBe(1);
});

test.each(["disko", "install"])(
  "an earlier %s still works: nothing is wiped under it, and a later up goes on",
  async (job) => {
    const { machine, news } = await declared();
    machine.quirks.jobAtWork = job;
    const { message, props } = partial(await stage.provider.create(news));
    const parts = ["expected", "seen", "next"];
    expect(parseError(message)).toEqual({ phase: "disko", code: "job-still-running", parts });
    expect(message).toContain(`/run/pulumi-immutable-os/jobs/${job}/log`);
    expect(props).toMatchObject({
      unfinished: "disko",
      attempts: [{ phase: "disko", code: "job-still-running" }],
    });
    expect(machine.steps.filter((step) => step.startsWith(`start ${job}`))).toEqual([]);
    expect(machine.steps.filter((step) => step.startsWith("nix-daemon"))).toEqual([]);
    expect(machine.disk.wiped).toBe(0);

    delete machine.quirks.jobAtWork;
    done(await stage.provider.update("web", props, news));
    expect(machine.disk.wiped).toBe(1);
  },
);
