import type { HostError } from "../../../provider/core/errors";
import { provedReboot, rebootAndWait, rebootSeconds, type Reboot } from "../../../provider/host/reboot";
import { HostSession } from "../../../provider/host/session";
import { hostKey, nixosFacts, RecordedProgress } from "../support/builders";
import { errorOf, fakeConnect, FakeShell } from "../support/fake-shell";

// The times are played: a shutdown may take minutes.
jest.mock("../../../provider/core/deadline", () => ({
  ...jest.requireActual<object>("../../../provider/core/deadline"),
  sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const oldBootId = "11111111-1111-4111-8111-111111111111";
const newBootId = "22222222-2222-4222-8222-222222222222";
const access = {
  ...{ host: "h", port: 22, user: "root", auth: {}, hostKeys: undefined, sudo: false },
  connectTimeoutSeconds: 1,
};

/** What the order was, what was told, and the error if it did not end with another boot. */
async function rebooting(
  then: (leaving: FakeShell) => Parameters<typeof fakeConnect>[number],
  { pending = false, comes, ...more }: Partial<Reboot> & { pending?: boolean; comes?: FakeShell } = {},
): Promise<{ order: string; asked: string; progress: RecordedProgress; error: HostError | undefined }> {
  const leaving: FakeShell = new FakeShell(hostKey, (script) => {
    if (script.includes("systemctl reboot")) return { stderr: "told by the order" };
    const now = then(leaving);
    return now === leaving
      ? { stdout: `${oldBootId}\n${pending ? "pending\n" : ""}` }
      : errorOf("connection-lost");
  });
  const session = new HostSession(
    fakeConnect(leaving, comes ?? then(leaving)),
    { installed: access },
    ["installed"],
    undefined,
  );
  const progress = new RecordedProgress();
  let error: HostError | undefined;
  let ended = false;
  const work = rebootAndWait({ session, progress, host: "192.0.2.10", oldBootId, bootSeconds: 400, ...more })
    .catch((thrown: HostError) => (error = thrown))
    .finally(() => (ended = true));
  while (!ended) await jest.advanceTimersByTimeAsync(500);
  await work;
  const [order = "", asked = ""] = leaving.scripts;
  return { order, asked, progress, error };
}

const booted = new FakeShell(hostKey, () => ({ stdout: `${newBootId}\n` }));

test("another boot answers: the order went out behind the connection's back, and what it said is logged", async () => {
  const { order, progress, error } = await rebooting(() => booted, {
    leave: "export pools",
    hint: "unlock it",
  });
  expect(error).toBeUndefined();
  expect(order).toMatch(
    /^export pools\nsetsid sh -c '.*systemctl reboot.*' <\/dev\/null >\/dev\/null 2>&1 &$/s,
  );
  expect(progress.events).toEqual(
    expect.arrayContaining(["log told by the order", "lasting reboot: unlock it"]),
  );
});

test("without more, the disks are flushed before", async () => {
  expect((await rebooting(() => booted)).order).toMatch(/^sync\nsetsid/);
});

test("nobody answers any more", async () => {
  const { error } = await rebooting(() => errorOf("unreachable"), { hint: "the guard takes it back" });
  expect(error?.code).toBe("unreachable");
  expect(error?.details).toMatchObject({
    what: "the machine did not come back after the reboot",
    expected: "another boot_id within 400 s at 192.0.2.10",
    next: "the guard takes it back; else look at the machine's console; when it answers again, pulumi up goes on from here",
  });
  expect(error?.details.seen).toMatch(/^unreachable after 40\d s$/);
});

test("the old system goes on answering", async () => {
  const { error } = await rebooting((leaving) => leaving);
  expect(error?.code).toBe("reboot-not-proved");
  expect(error?.details.what).toBe("the machine did not reboot");
  expect(error?.details.seen).toMatch(/^boot_id 1{8}-.* still answers after 18\d s$/);
  expect(error?.details.next).toMatch(/^look at the machine's console;/);
});

test("a shutdown that takes its time is no failure, as long as it is still to come", async () => {
  const leaves = performance.now() + 300_000;
  const { error, asked } = await rebooting((leaving) => (performance.now() < leaves ? leaving : booted), {
    pending: true,
    comes: booted,
  });
  expect(error).toBeUndefined();
  expect(asked).toContain("systemctl list-jobs 2>/dev/null | grep -qE '(reboot|shutdown)\\.target'");
});

test("the phase lasts longer than the boot that it waits for", () =>
  expect(rebootSeconds(600)).toBeGreaterThanOrEqual(600 + 120));

test("only another boot_id proves a reboot", () => {
  const before = nixosFacts();
  const after = nixosFacts(undefined, { bootId: "boot-9", kernelRelease: "6.12.9" });
  expect(provedReboot(after, before)).toEqual({ proved: "kernel 6.1.0-c → 6.12.9, boot_id changed" });
  expect(provedReboot({ ...after, bootId: before.bootId }, before)).toMatchObject({
    code: "reboot-not-proved",
    seen: "boot_id boot-3",
  });
});
