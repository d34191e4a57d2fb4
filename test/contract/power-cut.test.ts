import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import { losePower } from "./played-power";
import type { Props } from "./provider-process";
import { done, failed, harmless, parseError, Stage, type Installed } from "./support";

const stage = new Stage({ installed: 7 });
let host: Installed;
let next: PlayedSystem;
let news: Props;

beforeEach(async () => {
  host = await stage.installed();
  next = newSystem(host.machine, "d", "6.13.1");
  news = stage.inputs(host.machine, { system: next });
});

/** The machine loses its power when `step` is asked for, its client is killed, and it starts from its disk. */
async function powerLostAt(machine: Machine, step: string, run: Promise<unknown>): Promise<void> {
  await machine.reached(step);
  await stage.provider.kill();
  await run;
  machine.unreachable();
  losePower(machine);
  machine.rebootFromDisk();
  await machine.settled();
  await stage.provider.launch();
}

const update = (): Promise<unknown> => stage.provider.update("web", host.props, news);
const names = (since: number): string[] =>
  host.machine.steps
    .slice(since)
    .filter((step) => !harmless.test(step))
    .map((step) => step.replace(/ in \w+ #\d+$/, ""));
const jobsIn = (since: number): string[] => names(since).filter((name) => name.startsWith("start "));

test.each(["nix-daemon in nixos #1", "is register at work in nixos #1"])(
  "power lost at %s, before the flush: what Nix calls valid is verified, and copied anew",
  async (step) => {
    const { machine } = host;
    await powerLostAt(machine, step, update());
    const since = machine.steps.length;
    const { props } = done(await stage.provider.update("web", host.props, news));
    expect(jobsIn(since)).toEqual(["start mend", "start register"]);
    expect(names(since).filter((name) => name === "nix-daemon")).toEqual(["nix-daemon"]);
    expect(props).toMatchObject({ phase: "confirm", unfinished: "", current: { toplevel: next.toplevel } });
  },
);

test.each(["follow register in nixos #1", "reboot in nixos #1"])(
  "power lost at %s: the store was flushed before the boot entry, so nothing of it is read again",
  async (step) => {
    const { machine } = host;
    await powerLostAt(machine, step, update());
    expect(machine.current).toBe(next.toplevel);
    const since = machine.steps.length;
    done(await stage.provider.update("web", host.props, news));
    expect(names(since)).toEqual([]);
  },
);

test("power lost once an install was proved: its files are on the disk, which boots", async () => {
  const machine = await stage.machine();
  const declared = stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90") });
  await powerLostAt(machine, "receipt in installer #4", stage.provider.create(declared));
  expect(machine.system).toBe("nixos");
  const { props } = done(await stage.provider.create(declared));
  expect(props).toMatchObject({ phase: "confirm", unfinished: "" });
  expect(machine.disk.wiped).toBe(1);
});

test("only the client killed after the copy: the same boot needs no verifying", async () => {
  const { machine } = host;
  const run = update();
  await machine.reached("is register at work in nixos #1");
  await stage.provider.kill();
  await run;
  await stage.provider.launch();
  const since = machine.steps.length;
  done(await stage.provider.update("web", host.props, news));
  expect(jobsIn(since).filter((name) => name === "start mend")).toEqual([]);
});

test("what was broken is in use: named, with who can help, and nothing relies on it", async () => {
  const { machine } = host;
  await powerLostAt(machine, "is register at work in nixos #1", update());
  machine.quirks.jobs = {
    mend: {
      output: "error: cannot delete path, it is still alive",
      exitCode: 1,
    },
  };
  const since = machine.steps.length;
  const { message } = failed(await stage.provider.update("web", host.props, news));
  expect(jobsIn(since)).toEqual(["start mend"]);
  expect(parseError(message)).toEqual({
    phase: "store check",
    code: "copy-failed",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("still alive");
  expect(message).toMatch(/next: .*nix-store --query --roots.*pulumi up again/);
  expect(machine.current).toBe(host.system.toplevel);
  delete machine.quirks.jobs;
  done(await stage.provider.update("web", host.props, news));
  expect(machine.current).toBe(next.toplevel);
});
