import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import type { Props } from "./provider-process";
import { done, failed, parseError, partial, Stage } from "./support";

const stage = new Stage();
const parts = ["expected", "seen", "next"];

async function declared(
  install: Props = {},
): Promise<{ machine: Machine; system: PlayedSystem; news: Props }> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  const connection = { deadlines: { connectSeconds: 15, bootSeconds: 25, phaseSeconds: 12 } };
  return { machine, system, news: stage.inputs(machine, { system, install, connection }) };
}

/** The machine loses its power while `step` runs, and the client lives on. */
async function powerLostAt(
  machine: Machine,
  news: Props,
  step: string,
): Promise<{ message: string; props: Props }> {
  const create = stage.provider.create(news);
  await machine.reached(step);
  machine.unreachable();
  return partial(await create);
}

/** The client is killed while `step` runs: the engine knows nothing, and the next up calls create again. */
async function killedAt(machine: Machine, news: Props, step: string): Promise<void> {
  const create = stage.provider.create(news);
  await machine.reached(step);
  await stage.provider.kill();
  await create;
  await stage.provider.launch();
  await machine.settled();
}

const kexecs = (machine: Machine): number =>
  machine.steps.filter((step) => step.startsWith("kexec in")).length;

test.each([
  ["disko", "follow disko in installer #1", { phase: "kexec", unfinished: "disko" }],
  ["install", "follow install in installer #1", { phase: "disko", unfinished: "install" }],
])(
  "power lost in %s: no system, in this run and in the next, until an installer is booted",
  async (phase, step, where) => {
    const { machine, system, news } = await declared();
    const { message, props } = await powerLostAt(machine, news, step);
    expect(parseError(message)).toEqual({ phase, code: "no-system", parts });
    expect(message).toContain("no system: console needed");
    expect(message).toMatch(/boot any NixOS installer on the machine .* then run pulumi up again/);
    expect(props).toMatchObject({ ...where, hostKeys: [machine.hostKey.publicKey] });

    const again = failed(await stage.provider.update("web", props, news));
    expect(parseError(again.message)).toEqual({ phase: "", code: "no-system", parts });

    // By hand, from an ISO: nothing in its RAM is of ours.
    machine.leaveFor("installer");
    await machine.settled();
    const before = kexecs(machine);
    const { props: last } = done(await stage.provider.update("web", props, news));
    expect(last).toMatchObject({ phase: "confirm", unfinished: "", current: { toplevel: system.toplevel } });
    expect(kexecs(machine)).toBe(before);
    expect(machine.disk.wiped).toBe(2);
    expect(JSON.parse(machine.disk.receipt)).toMatchObject({ done: ["kexec", "disko", "install"] });
  },
);

test("the same after a reinstall: its consent was given, and the state of before does not stand in the way", async () => {
  const { machine, news } = await declared();
  const { props } = done(await stage.provider.create(news));
  machine.mayKexec.add("nixos");
  const install = { ...(news["install"] as Props), reinstallTrigger: "2", allowReinstall: ["LABDISK1"] };
  const reinstall = { ...news, install };
  const run = stage.provider.update("web", props, reinstall);
  await machine.reached("follow disko in installer #2");
  machine.unreachable();
  const half = partial(await run);
  expect(parseError(half.message)).toEqual({ phase: "disko", code: "no-system", parts });
  machine.leaveFor("installer");
  await machine.settled();
  done(await stage.provider.update("web", half.props, reinstall));
  expect(machine.disk.wiped).toBe(3);
});

test("power lost in the installer before disko: the old system is back, and up starts over", async () => {
  const { machine, system, news } = await declared();
  const { message, props } = await powerLostAt(machine, news, "nix-daemon in installer #1");
  expect(parseError(message).code).not.toBe("no-system");
  const away = failed(await stage.provider.update("web", props, news));
  expect(parseError(away.message).code).toBe("unreachable");

  machine.leaveFor("debian");
  await machine.settled();
  const { props: last } = done(await stage.provider.update("web", props, news));
  expect(last).toMatchObject({ phase: "confirm", current: { toplevel: system.toplevel } });
  expect(kexecs(machine)).toBe(2);
  expect(machine.disk.wiped).toBe(1);
});

test("only the network away: what was begun goes on alone, and so does the next up", async () => {
  const { machine, news } = await declared();
  const { message, props } = await powerLostAt(machine, news, "follow install in installer #1");
  expect(parseError(message).code).toBe("no-system");
  machine.answersAgain();
  done(await stage.provider.update("web", props, news));
  expect(machine.disk.wiped).toBe(1);
});

test("client and power lost in install, and the disk boots: what disko made is ours, and is confirmed", async () => {
  const { machine, system, news } = await declared();
  await killedAt(machine, news, "follow install in installer #1");
  expect(JSON.parse(machine.disk.receipt)).toMatchObject({ done: ["kexec", "disko"] });
  machine.rebootFromDisk();
  await machine.settled();
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "confirm", current: { toplevel: system.toplevel } });
  expect(machine.disk.wiped).toBe(1);
  expect(JSON.parse(machine.disk.receipt)).toMatchObject({ done: ["kexec", "disko", "install"] });
});

test.each([
  ["preflight", "rehearse kexec in debian #1", 1],
  ["kexec", "kexec in debian #1", 1],
  ["kexec, before its proof", "boot_id in installer #1", 1],
  ["disko, before the wipe", "receipt in installer #2", 1],
  ["disko", "start disko in installer #1", 2],
  ["disko, before its proof", "rc of disko in installer #1", 2],
  ["install", "follow install in installer #1", 1],
  ["install, after its proof", "receipt in installer #4", 1],
  ["reboot", "reboot in installer #1", 1],
  ["confirm", "end of the start in nixos #1", 1],
])("client killed in %s: the next create follows its lease, and reaches the end", async (_, step, wiped) => {
  const { machine, system, news } = await declared();
  await killedAt(machine, news, step);
  const left = machine.leases.at(-1)?.split(" ").at(-1);
  const isDone = machine.receipts.some((receipt) => receipt.includes('"install"'));
  const wipedBefore = machine.disk.wiped;
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "confirm", current: { toplevel: system.toplevel } });
  expect(machine.leases.at(-1)?.split(" ").at(-1)).not.toBe(left);
  expect(machine.disk.wiped).toBe(wiped);
  if (isDone) expect(machine.disk.wiped).toBe(wipedBefore);
});
