import { diskoScript, newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import type { Props } from "./provider-process";
import { done, failed, parseError, Stage } from "./support";

const stage = new Stage();

async function declared(nix: Props): Promise<{ machine: Machine; system: PlayedSystem; news: Props }> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, system, news: { ...stage.inputs(machine, { system }), nix } };
}

/** What nix was asked for on this machine since then, without the flags that every call has. */
async function nixCalls(since: number): Promise<string[][]> {
  return (await stage.provider.nixCalls()).slice(since).map(({ argv }) => argv.slice(2));
}

const countCalls = async (): Promise<number> => (await stage.provider.nixCalls()).length;
const jobs = ({ steps }: Machine): string[] =>
  steps.filter((step) => step.startsWith("start ")).map((step) => step.replace(/^start | #\d+$/g, ""));

test("built on the target: derivations are all that is sent, by an install and by an update", async () => {
  const before = await countCalls();
  const { machine, system, news } = await declared({ buildOn: "target" });
  const { props } = done(await stage.provider.create(news));
  const installed = await nixCalls(before);
  expect(installed.map(([command, option]) => [command, option])).toEqual([
    ["eval", "--json"],
    ["copy", "--derivation"],
    ["copy", "--derivation"],
  ]);
  expect(installed.slice(1).map((argv) => argv.at(-1))).toEqual([
    `${diskoScript}.drv`,
    `${system.toplevel}.drv`,
  ]);
  expect(jobs(machine)).toEqual([
    "build in installer",
    "disko in installer",
    "build in installer",
    "install in installer",
  ]);
  expect(machine.current).toBe(system.toplevel);

  const next = newSystem(machine, "d", "6.12.90");
  const update = { ...stage.inputs(machine, { system: next }), nix: { buildOn: "target" } };
  done(await stage.provider.update("web", props, update));
  expect((await nixCalls(before)).slice(3).map((argv) => [argv[0], argv.at(-1)])).toEqual([
    ["eval", expect.stringContaining("build: map")],
    ["copy", `${next.toplevel}.drv`],
  ]);
  expect(jobs(machine).slice(4)).toEqual(["build in nixos", "register in nixos", "switch in nixos"]);
});

test("a reinstall of the very system that runs: it is built here again, because its store goes with it", async () => {
  const { machine, news } = await declared({});
  const { props } = done(await stage.provider.create(news));
  machine.mayKexec.add("nixos");
  const before = await countCalls();
  const install = { ...(news["install"] as Props), reinstallTrigger: "2", allowReinstall: ["LABDISK1"] };
  done(await stage.provider.update("web", props, { ...news, install }));
  expect((await nixCalls(before)).map(([command]) => command)).toEqual(["build", "copy", "copy"]);
  expect(machine.disk.wiped).toBe(2);
});

test("a build that fails on the target: its log, and the next up goes on without another wipe", async () => {
  const { machine, system, news } = await declared({ buildOn: "target" });
  const { props } = done(await stage.provider.create(news));
  const next = newSystem(machine, "d", "6.12.90");
  const update = { ...stage.inputs(machine, { system: next }), nix: { buildOn: "target" } };
  machine.quirks.jobs = {
    build: { output: "building\nerror: builder for 'kernel.drv' failed", exitCode: 100 },
  };
  const { message } = failed(await stage.provider.update("web", props, update));
  expect(parseError(message)).toEqual({
    ...{ phase: "copy", code: "build-failed", parts: ["expected", "seen", "next"] },
  });
  expect(message).toContain("builder for 'kernel.drv' failed");
  expect(machine.current).toBe(system.toplevel);
  machine.quirks.jobs = {};
  done(await stage.provider.update("web", props, update));
  expect(machine.current).toBe(next.toplevel);
  expect(machine.disk.wiped).toBe(1);
});

test("the host fetches from its substituters before each copy; when they fail, everything is copied", async () => {
  const before = await countCalls();
  const { machine, system, news } = await declared({ substituteOnDestination: true });
  machine.quirks.jobs = { fetch: { output: "error: unable to download 'https://cache'", exitCode: 1 } };
  done(await stage.provider.create(news));
  expect((await nixCalls(before)).map(([command]) => command)).toEqual([
    "build",
    ...["path-info", "copy"],
    ...["path-info", "copy"],
  ]);
  expect(jobs(machine)).toEqual([
    "fetch in installer",
    "disko in installer",
    "fetch in installer",
    "install in installer",
  ]);
  expect(machine.current).toBe(system.toplevel);
});

test("settings and builders reach the nix commands here", async () => {
  const before = await countCalls();
  const { news } = await declared({ options: { cores: "3" }, builders: ["ssh://a", "ssh://b x86_64-linux"] });
  done(await stage.provider.create(news));
  const calls = await nixCalls(before);
  expect(calls.map((argv) => argv.slice(0, 4))).toEqual([
    ["--option", "cores", "3", "build"],
    ["--option", "cores", "3", "copy"],
    ["--option", "cores", "3", "copy"],
  ]);
  expect(
    calls.map((argv) => argv[argv.indexOf("--builders") + 1] === "ssh://a ; ssh://b x86_64-linux"),
  ).toEqual([true, false, false]);
});

test("the client is killed while the host builds: the next up goes on, and nothing is wiped twice", async () => {
  const { machine, system, news } = await declared({ buildOn: "target" });
  const reached = machine.reached("follow build in installer #2");
  const create = stage.provider.create(news);
  await reached;
  await stage.provider.kill();
  await create;
  await stage.provider.launch();
  await machine.settled();
  done(await stage.provider.create(news));
  expect(machine.current).toBe(system.toplevel);
  expect(machine.disk.wiped).toBe(1);
});
