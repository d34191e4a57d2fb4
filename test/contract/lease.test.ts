import { spawn } from "node:child_process";
import { once } from "node:events";
import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { Props } from "./provider-process";
import { leaseIn } from "./played-lease";
import { done, failed, parseError, partial, Stage } from "./support";

const stage = new Stage();
const parts = ["expected", "seen", "next"];

async function declared(): Promise<{ machine: Machine; news: Props }> {
  const machine = await stage.machine();
  return { machine, news: stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90") }) };
}

/** One that another client holds, which may have died. */
function plant(machine: Machine, left: number, changes: object = {}): void {
  const now = Math.floor(Date.now() / 1000);
  const owner = { holder: "ann@laptop", pid: 4711, started: "1", client: "elsewhere" };
  machine.ram.lease = JSON.stringify({
    ...{ until: now + left, since: now - 100, run: "f".repeat(32) },
    ...{ ...owner, ...changes },
  });
}

test("a second create at the same time is refused, and runs nothing; after the end of the first one it is done", async () => {
  const { machine, news } = await declared();
  const first = stage.provider.create(news);
  const letGo = await machine.heldAt("rehearse kexec in debian #1");
  const { message } = failed(await stage.provider.create(news));
  letGo();
  expect(parseError(message)).toEqual({ phase: "", code: "lease-held", parts });
  expect(message).toMatch(/held by \S+@\S+ \(process \d+\) since 20\S+Z, until 20\S+Z \(in \d+ s\)/);
  expect(message).toMatch(/wait for the end of that run, then run pulumi up again/);
  const { props } = done(await first);
  expect(new Set(machine.leases.map((lease) => lease.split(" ").at(-1))).size).toBe(1);
  for (const once of ["upload", "kexec", "start disko", "start install"])
    expect(machine.steps.filter((step) => step.startsWith(`${once} in`))).toHaveLength(1);
  done(await stage.provider.update("web", props, news));
  expect(machine.disk.wiped).toBe(1);
});

test("one lease from the first look to the end: in RAM after every boot, on the new disk, gone at the end", async () => {
  const { machine, news } = await declared();
  const create = stage.provider.create(news);
  await machine.reached("boot_id in nixos #1");
  const { until = 0 } = leaseIn(machine.disk) ?? {};
  expect(until - Date.now() / 1000).toBeGreaterThan(600);
  done(await create);
  const runs = new Set(machine.leases.map((lease) => lease.split(" ").at(-1)));
  expect(runs.size).toBe(1);
  const places = machine.leases.map((lease) => lease.replace(/ \w{32}$/, ""));
  expect(places[0]).toBe("debian ram");
  expect([...new Set(places)]).toEqual([
    "debian ram",
    "installer ram",
    "installer ram and disk",
    "nixos ram and disk",
  ]);
  expect([machine.ram.lease, machine.disk.lease]).toEqual(["", ""]);
  expect(machine.connections).toBe(3);
  expect(machine.steps.filter((step) => step.includes("lease"))).toEqual(["release lease in nixos #1"]);
});

test("another client's lease: who, until when, and nothing is run", async () => {
  const { machine, news } = await declared();
  plant(machine, 600);
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "", code: "lease-held", parts });
  expect(message).toContain("held by ann@laptop (process 4711) since");
  expect(message).toMatch(/its lease ends by itself in [456]\d\d s/);
  expect(machine.steps).toEqual(["probe in debian #1"]);
});

test("another client's lease that is over, or about to be: waited for, and followed", async () => {
  const { machine, news } = await declared();
  plant(machine, 10);
  done(await stage.provider.create(news));
  expect(machine.steps.slice(0, 2)).toEqual(["probe in debian #1", "probe in debian #2"]);
  expect(machine.ram.over.size + machine.disk.wiped).toBeGreaterThan(0);
});

test("a lease that is lost in the middle stops the run before its next phase", async () => {
  const { machine, news } = await declared();
  const create = stage.provider.create(news);
  await machine.reached("follow disko in installer #1");
  plant(machine, 600);
  const { message, props } = partial(await create);
  expect(parseError(message)).toEqual({ phase: "disko", code: "lease-held", parts });
  expect(message).toContain("another run has taken this machine over");
  expect(machine.steps.some((step) => step.startsWith("start install"))).toBe(false);
  expect(leaseIn(machine.ram)?.holder).toBe("ann@laptop");
  expect(JSON.parse(machine.ram.receipt)).toMatchObject({ attempts: [] });

  plant(machine, -1);
  done(await stage.provider.update("web", props, news));
});

test.each([
  ["its process is gone", "gone", 4_194_304, "1", "done"],
  ["its pid is another process's by now", "reused", process.pid, "1", "done"],
  ["its process lives", "alive", 0, "", "failed"],
])("a lease of this machine: %s", async (_, kind, pid, started, end) => {
  const { machine, news } = await declared();
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    // What this machine calls itself stands in the lease of a run that is at work.
    const first = stage.provider.create(news);
    await machine.reached("unpack in debian #1");
    const client = leaseIn(machine.ram)?.client ?? "";
    done(await first);
    const living = { pid: child.pid, started: await startOf(child.pid ?? 0) };
    plant(machine, 600, { client, ...(kind === "alive" ? living : { pid, started }) });
    expect((await stage.provider.create(news)).end).toBe(end);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

async function startOf(pid: number): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

test("a look takes none", async () => {
  const { machine, news } = await declared();
  const { props } = done(await stage.provider.create(news));
  const taken = machine.leases.length;
  await stage.provider.read("web", props);
  expect(machine.leases.length).toBe(taken);
  expect(machine.ram.lease).toBe("");
});
