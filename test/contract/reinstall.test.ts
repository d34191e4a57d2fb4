import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import { byId } from "./played-disks";
import type { Props } from "./provider-process";
import { done, failed, parseError, partial, Stage } from "./support";

const stage = new Stage();
const connection = { deadlines: { connectSeconds: 15, bootSeconds: 12, phaseSeconds: 12 } };

async function declared(install: Props = {}): Promise<{ machine: Machine; news: Props }> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, news: stage.inputs(machine, { system, install, connection }) };
}

function reinstallOf(news: Props): Props {
  const install = { ...(news["install"] as Props), reinstallTrigger: "2", allowReinstall: ["LABDISK1"] };
  return { ...news, install };
}

async function fromHand(machine: Machine): Promise<void> {
  machine.leaveFor("installer");
  await machine.settled();
}

test("a reinstall whose kexec ended nowhere is not done when the old system is back: the next up wipes", async () => {
  const { machine, news } = await declared();
  const { props } = done(await stage.provider.create(news));
  machine.mayKexec.add("nixos");
  machine.quirks.kexecDoesNothing = true;
  const run = stage.provider.update("web", props, reinstallOf(news));
  await machine.reached("kexec in nixos #1");
  machine.unreachable();
  const half = partial(await run);
  expect(parseError(half.message).phase).toBe("kexec");
  machine.quirks.kexecDoesNothing = false;
  machine.rebootFromDisk();
  await machine.settled();
  done(await stage.provider.update("web", half.props, reinstallOf(news)));
  expect(machine.disk.wiped).toBe(2);
});

test("power lost in disko, and the installer booted by hand shows another disk under that name: not wiped", async () => {
  const { machine, news } = await declared({ disks: [{ device: byId("LABDISK1") }] });
  const run = stage.provider.create(news);
  await machine.reached("follow disko in installer #1");
  machine.unreachable();
  const { props } = partial(await run);
  machine.quirks.serialInInstaller = "OTHER";
  await fromHand(machine);
  const { message } = failed(await stage.provider.update("web", props, news));
  expect(message).toMatch(/has serial OTHER, not LABDISK1/);
  expect(machine.disk.wiped).toBe(1);
});

test("killed after a proved install, then a reboot that fails: from an installer the finished system is not wiped", async () => {
  const { machine, news } = await declared();
  const create = stage.provider.create(news);
  await machine.reached("reboot in installer #1");
  await stage.provider.kill();
  await create;
  await stage.provider.launch();
  await machine.settled();
  await fromHand(machine);
  machine.ram.receipt = machine.disk.receipt;
  machine.systems.clear();
  const { props } = partial(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "install", unfinished: "reboot" });
  await fromHand(machine);
  const { message } = failed(await stage.provider.update("web", props, news));
  expect(parseError(message).code).toBe("reinstall-refused");
  expect(machine.disk.wiped).toBe(1);
});

test("a half-done reinstall of an adopted machine goes on, though adopt still stands in the program", async () => {
  const { machine, news } = await declared();
  const { toplevel } = news["current"] as { toplevel: string };
  const system = machine.systems.get(toplevel);
  if (system === undefined) throw new Error("the machine cannot run it");
  await machine.becomeInstalled(system, "");
  machine.mayKexec.add("nixos");
  const { props } = done(await stage.provider.create({ ...news, adopt: true }));
  const reinstall = { ...reinstallOf(news), adopt: true };
  const run = stage.provider.update("web", props, reinstall);
  await machine.reached("follow disko in installer #1");
  machine.unreachable();
  const half = partial(await run);
  await fromHand(machine);
  done(await stage.provider.update("web", half.props, reinstall));
  expect(machine.disk.wiped).toBe(2);
});
