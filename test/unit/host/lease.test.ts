import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { HostLease, parseAnswer, parseLease } from "../../../provider/host/lease";
import { isOver, runBegins, runEnds, thisProcess, type LeaseOwner } from "../../../provider/host/lease-owner";
import { HostSession } from "../../../provider/host/session";
import { FakeShell, failureOf, fakeConnect } from "../support/fake-shell";

let me: LeaseOwner;
beforeAll(async () => void (me = await thisProcess()));
const access = {
  ...{ host: "192.0.2.1", port: 22, user: "root", auth: {}, hostKeys: undefined },
  ...{ sudo: false, connectTimeoutSeconds: 1 },
};
const theirs = { until: 1_000_060, since: 999_990, run: "f".repeat(32) };
const elsewhere = { holder: "ann@laptop", pid: 4711, started: "1", client: "elsewhere" };
const held = (changes: object = {}): string =>
  `held 1000000\n${JSON.stringify({ ...theirs, ...elsewhere, ...changes })}`;
const mine = `mine 1000000\n${JSON.stringify({ ...theirs, since: 999_995, ...elsewhere, run: "a".repeat(32) })}`;

const waits: string[] = [];
const leases: HostLease[] = [];
function leaseOn(session: HostSession): HostLease {
  const lease = new HostLease(session, {
    machine: "web",
    bootSeconds: 600,
    onWait: (text) => void waits.push(text),
  });
  leases.push(lease);
  return lease;
}
const closed = (): HostSession =>
  new HostSession(fakeConnect(), { installed: access }, ["installed"], undefined);

beforeEach(() => void waits.splice(0));
afterEach(async () => {
  jest.useRealTimers();
  for (const lease of leases.splice(0)) await lease.release();
});

test.each([
  ["what the host prints", mine, "mine", 999_995],
  ["words of a tool before it", `cat: write error\n${mine}`, "mine", 999_995],
  ["a lease that nobody can read", "held 7\n{half", "held", undefined],
  ["no lease at all", "held 7\n", "held", undefined],
])("reads %s", (_, output, end, since) => {
  const answer = parseAnswer(output);
  expect([answer?.end, answer?.lease?.since]).toEqual([end, since]);
});

test.each(["", "sh: cannot create", "mine", "held soon\n{}"])("takes %j for no answer", async (output) => {
  expect(parseAnswer(output)).toBeUndefined();
  const error = await failureOf(() => leaseOn(closed()).isMine(output));
  expect(error.text()).toMatch(/could not be taken[^]*\[command-failed\][^]*expected:[^]*seen:[^]*next:/);
});

test.each(["", "null", "7", '{"until":"7","since":1,"run":"a"}', '{"until":7}'])("%j is no lease", (json) =>
  expect(parseLease(json)).toBeUndefined(),
);

test("another client's lease is an error that says who, since when, until when and what to do", async () => {
  const { code, details } = await failureOf(() => leaseOn(closed()).isMine(held()));
  expect(code).toBe("lease-held");
  expect(details).toEqual({
    what: "another run is at work on this machine; nothing was changed",
    expected: "no lease of another run in /run/pulumi-immutable-os/lease.json",
    seen: "held by ann@laptop (process 4711) since 1970-01-12T13:46:30Z, until 1970-01-12T13:47:40Z (in 60 s) unless it renews it",
    next: "wait for the end of that run, then run pulumi up again. If it is dead, its lease ends by itself in 60 s",
  });
});

test("one that ends soon is waited for, and asked for again, but not for ever", async () => {
  const lease = leaseOn(closed());
  const ask = (): Promise<boolean> => lease.isMine(held({ until: 999_999 }));
  for (let turn = 0; turn < 4; turn++) expect(await ask()).toBe(false);
  expect(waits).toEqual(Array(4).fill("waiting 0 s for the lease of ann@laptop to end"));
  expect((await failureOf(ask)).code).toBe("lease-held");
});

test("one of a process of this machine that is gone is followed by the next question", async () => {
  const lease = leaseOn(closed());
  expect(await lease.script()).toContain("gone=none");
  expect(await lease.isMine(held({ ...me, pid: 4_194_304 }))).toBe(false);
  expect(await lease.script()).toContain(`gone=${theirs.run}`);
  expect(await lease.isMine(mine)).toBe(true);
  expect(await lease.script()).toContain("gone=none");
  expect(await lease.script()).toContain("since=999995;");
});

test("what was ours and is another's now ends the run at once, whoever it is", async () => {
  const lease = leaseOn(closed());
  await lease.isMine(mine);
  for (const output of [held(), held({ until: 1_000_001 }), "held 1000000\n"]) {
    const error = await failureOf(() => lease.isMine(output));
    expect(error.text()).toMatch(/another run has taken this machine over[^]*\[lease-held\]/);
  }
});

describe("renewals", () => {
  const open = async (
    answer: (script: string) => object | Error,
  ): Promise<{ shell: FakeShell; lease: HostLease; connect: ReturnType<typeof fakeConnect> }> => {
    const shell = new FakeShell("ssh-ed25519 AAAA", (script) => {
      const said = answer(script);
      if (said instanceof Error) throw said;
      return said;
    });
    const connect = fakeConnect(shell);
    const session = new HostSession(connect, { installed: access }, ["installed"], undefined);
    await session.shell();
    return { shell, connect, lease: leaseOn(session) };
  };

  test("come every 30 s over the connection that is open, and end with the run", async () => {
    jest.useFakeTimers();
    const { shell, lease, connect } = await open(() => ({}));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(shell.scripts).toEqual([]);
    await lease.isMine(mine);
    await jest.advanceTimersByTimeAsync(91_000);
    expect(shell.scripts).toEqual(Array(3).fill(await lease.script()));
    await lease.release();
    expect(shell.scripts.at(-1)).toMatch(/^for lease in/);
    await jest.advanceTimersByTimeAsync(90_000);
    expect(shell.scripts).toHaveLength(4);
    expect(connect.asked).toHaveLength(1);
  });

  test("that fail are no failure", async () => {
    jest.useFakeTimers();
    const { shell, lease } = await open(() => new Error("the connection is gone"));
    await lease.isMine(mine);
    await jest.advanceTimersByTimeAsync(31_000);
    expect(shell.scripts).toHaveLength(1);
    await expect(lease.release()).resolves.toBeUndefined();
  });

  test("open no connection of their own", async () => {
    jest.useFakeTimers();
    const connect = fakeConnect(new FakeShell("ssh-ed25519 AAAA", () => ({})));
    const lease = leaseOn(new HostSession(connect, { installed: access }, ["installed"], undefined));
    await lease.isMine(mine);
    await jest.advanceTimersByTimeAsync(31_000);
    await lease.release();
    expect(connect.asked).toEqual([]);
  });
});

describe("a process is over", () => {
  const run = "b".repeat(32);

  test("never on another machine, nor where this one cannot tell", async () => {
    expect(await isOver({ ...elsewhere, pid: 4_194_304 }, run)).toBe(false);
    expect(await isOver({ ...me, client: "", pid: 4_194_304 }, run)).toBe(false);
  });

  test("when its pid is gone, or is another process's", async () => {
    const child = spawn("sleep", ["60"]);
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const owner = { ...me, pid: child.pid ?? 0, started: stat.split(" ")[21] ?? "" };
    expect(await isOver(owner, run)).toBe(false);
    expect(await isOver({ ...owner, started: "1" }, run)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await isOver(owner, run)).toBe(true);
  });

  test("in this very process, when that run has ended", async () => {
    runBegins(run);
    expect(await isOver(me, run)).toBe(false);
    runEnds(run);
    expect(await isOver(me, run)).toBe(true);
  });
});
