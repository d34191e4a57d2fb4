import { waitForBoot } from "../../../provider/host/boot";
import { HostSession } from "../../../provider/host/session";
import type { Connect } from "../../../provider/core/shell";
import { hostKey, RecordedProgress } from "../support/builders";
import { errorOf, failureOf, fakeConnect, FakeShell } from "../support/fake-shell";

// The times are played, those that a test measures as well: on a busy machine the real ones are anything.
jest.mock("../../../provider/core/deadline", () => ({
  ...jest.requireActual<object>("../../../provider/core/deadline"),
  sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** The result of work that waits, on the clock that is played. */
async function played<T>(work: Promise<T>): Promise<T> {
  let ended = false;
  void work.catch(() => undefined).then(() => (ended = true));
  while (!ended) await jest.advanceTimersByTimeAsync(10);
  return work;
}

const oldBoot = "11111111-1111-4111-8111-111111111111";
const newBoot = "22222222-2222-4222-8222-222222222222";
const answering = (bootId: string, more = ""): FakeShell =>
  new FakeShell(hostKey, () => ({ stdout: `${bootId}\n${more}` }));

/** A connection of the old boot that answers some times, then breaks. */
function dyingAfter(answers: number): FakeShell {
  let left = answers;
  return new FakeShell(hostKey, () => (left-- > 0 ? { stdout: `${oldBoot}\n` } : errorOf("connection-lost")));
}

const access = {
  port: 22,
  user: "root",
  auth: {},
  hostKeys: undefined,
  sudo: false,
  connectTimeoutSeconds: 1,
};

async function wait(
  connect: Connect,
  times: { deadline?: number; oldMayAnswer?: number; otherKeys?: boolean } = {},
) {
  const ways = { old: { ...access, host: "old" }, installer: { ...access, host: "installer" } };
  const session = new HostSession(connect, ways, ["old"], [hostKey]);
  const progress = new RecordedProgress();
  await session.shell();
  const boot = waitForBoot({
    session,
    way: "installer",
    wayBack: "old",
    oldBootId: oldBoot,
    deadlineSeconds: times.deadline ?? 5,
    oldMayAnswerSeconds: times.oldMayAnswer ?? 3,
    leftHasOtherKeys: times.otherKeys ?? false,
    progress,
  });
  return { result: await played(boot), session, progress };
}

test("the old boot that still answers after its time is a machine that never went down", async () => {
  const connect = fakeConnect(answering(oldBoot));
  const { result, session } = await wait(connect, { oldMayAnswer: 0.6 });
  expect(result.end).toBe("old-boot-alive");
  expect([session.connections, connect.asked.length]).toEqual([1, 1]);
});

test("the old boot that answers until the deadline is alive too, not silent", async () => {
  const { result } = await wait(fakeConnect(answering(oldBoot)), { deadline: 1.8, oldMayAnswer: 60 });
  expect(result.end).toBe("old-boot-alive");
});

test("the connection is lost, then another boot_id answers by the expected way", async () => {
  const connect = fakeConnect(dyingAfter(1), errorOf("unreachable"), answering(newBoot));
  const { result, session } = await wait(connect);
  expect(result).toEqual({ end: "booted", commandLine: "" });
  expect(connect.asked.map((each) => each.host)).toEqual(["old", "installer", "installer"]);
  expect(session.connections).toBe(2);
});

test("after a lost connection the old boot may come back, and is recognised", async () => {
  const { result } = await wait(fakeConnect(dyingAfter(0), answering(oldBoot)), { oldMayAnswer: 0.6 });
  expect(result.end).toBe("old-boot-alive");
});

test.each(["login-refused", "unreachable"] as const)(
  "%s until the deadline is silence, with the last word",
  async (code) => {
    const { result } = await wait(fakeConnect(dyingAfter(0), errorOf(code)), { deadline: 1.8 });
    expect(result).toMatchObject({ end: "silent", last: { code } });
  },
);

test("a wrong host key ends the wait at once", async () => {
  const started = performance.now();
  const error = await failureOf(() =>
    wait(fakeConnect(dyingAfter(0), errorOf("host-key-mismatch")), { deadline: 60 }),
  );
  expect(error.code).toBe("host-key-mismatch");
  expect(performance.now() - started).toBeLessThan(3000);
});

describe("a system that is left, and has other keys", () => {
  const wrongKey = errorOf("host-key-mismatch");

  test("may still be met while it goes down", async () => {
    const connect = fakeConnect(dyingAfter(0), wrongKey, answering(newBoot));
    const { result } = await wait(connect, { otherKeys: true });
    expect(result.end).toBe("booted");
  });

  test("is somebody else when it should be down", async () => {
    const connect = fakeConnect(dyingAfter(0), wrongKey);
    const error = await failureOf(() => wait(connect, { otherKeys: true, deadline: 60, oldMayAnswer: 0.8 }));
    expect([error.code, connect.asked.length]).toEqual(["host-key-mismatch", 3]);
  });

  test("is told when the wait ends before that", async () => {
    const { result } = await wait(fakeConnect(dyingAfter(0), wrongKey), { otherKeys: true, deadline: 1.2 });
    expect(result).toMatchObject({ end: "silent", last: { code: "host-key-mismatch" } });
  });
});

test("an answer that is no boot_id is no boot", async () => {
  const { result } = await wait(fakeConnect(dyingAfter(0), answering("sh: cat: not found")), {
    deadline: 1.8,
  });
  expect(result.end).toBe("silent");
});

test("the display says which system answers, and how long the wait may last", async () => {
  const { progress } = await wait(fakeConnect(dyingAfter(1), answering(newBoot)));
  expect(progress.events[0]).toBe("detail the old system still answers, 0 s of at most 5 s");
  expect(progress.events.at(-1)).toMatch(/^detail waiting for the new system, \d s of at most 5 s/);
});

test("a connection that the old system closed is not opened again: the wait is for the new one from then on", async () => {
  const old: FakeShell = new FakeShell(hostKey, () => (old.close(), { stdout: `${oldBoot}\n` }));
  const hosts: string[] = [];
  const connect = fakeConnect(old, answering(newBoot));
  const { result, progress } = await wait((way) => (hosts.push(way.host), connect(way)));
  expect(result.end).toBe("booted");
  expect(hosts).toEqual(["old", "installer"]);
  expect(progress.events.at(-1)).toMatch(/^detail waiting for the new system/);
});

/** The old system lets in by its own way only, the installer's way is refused. */
function refusingInstaller(old: Connect): Connect & { hosts: string[] } {
  const hosts: string[] = [];
  const connect: Connect = (access) => {
    hosts.push(access.host);
    return hosts.length > 1 && access.host === "installer"
      ? Promise.reject(errorOf("login-refused"))
      : old(access);
  };
  return Object.assign(connect, { hosts });
}

test("a system that lets in by the old way only is found there, long before the deadline", async () => {
  const started = performance.now();
  const old = fakeConnect(dyingAfter(0), answering(newBoot, "command line: root=/dev/vda1 ro\n"));
  const connect = refusingInstaller(old);
  const { result } = await wait(connect, { deadline: 60 });
  expect(result).toEqual({ end: "booted", commandLine: "root=/dev/vda1 ro" });
  expect(connect.hosts).toEqual(["old", "installer", "installer", "installer", "old"]);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("after a connection that was reset, the old boot is found by its own way", async () => {
  const connect = refusingInstaller(fakeConnect(dyingAfter(0), answering(oldBoot)));
  const { result } = await wait(connect, { deadline: 60, oldMayAnswer: 0.5 });
  expect(result.end).toBe("old-boot-alive");
});

test("the last word of a silence is the expected system's", async () => {
  const connect = refusingInstaller(fakeConnect(dyingAfter(0), errorOf("unreachable")));
  const { result } = await wait(connect, { deadline: 2.2 });
  expect(connect.hosts.at(-1)).toBe("old");
  expect(result).toMatchObject({ end: "silent", last: { code: "login-refused" } });
});

test("another machine behind the way back ends the wait at once", async () => {
  const connect = refusingInstaller(fakeConnect(dyingAfter(0), errorOf("host-key-mismatch")));
  const error = await failureOf(() => wait(connect, { deadline: 60 }));
  expect(error.code).toBe("host-key-mismatch");
});
