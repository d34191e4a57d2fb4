import { disarmTheGuard, holdTheGuard } from "../../../provider/fcos/guard-at-work";
import type { FcosContext } from "../../../provider/fcos/types";
import { HostSession } from "../../../provider/host/session";
import { hostKey, RecordedProgress } from "../support/builders";
import { failureOf, fakeConnect, FakeShell } from "../support/fake-shell";
import { fcosContext } from "../support/fcos-facts";

/** A context whose machine answers so, and what was told. */
function answering(stdout: string, stderr = ""): { context: FcosContext; progress: RecordedProgress } {
  const progress = new RecordedProgress();
  const connect = fakeConnect(new FakeShell(hostKey, () => ({ exitCode: 0, stdout, stderr })));
  const session = new HostSession(connect, { installed: access }, ["installed"], undefined);
  return { context: { ...fcosContext(), session, progress }, progress };
}
const access = {
  host: "x",
  port: 22,
  user: "core",
  auth: {},
  hostKeys: undefined,
  sudo: true,
  connectTimeoutSeconds: 1,
};

test.each(["held\n", "none\n"])("a guard that says %j lets a run go on", async (answer) => {
  const { context, progress } = answering(answer);
  await holdTheGuard(context);
  expect(progress.events).toEqual([]);
});

test.each(["unwritten\n", "", "what"])("one that says %j would not wait: the run ends", async (answer) => {
  const { context } = answering(answer, "sh: write error: No space left on device");
  const error = await failureOf(() => holdTheGuard(context));
  expect(error.code).toBe("command-failed");
  expect(error.text()).toMatch(/could not be told[^]*No space left on device[^]*space in \/var/);
});

test("one that is faster ends the run", async () => {
  expect((await failureOf(() => holdTheGuard(answering("firing\n").context))).code).toBe("fell-back");
  expect((await failureOf(() => disarmTheGuard(answering("firing\n").context))).code).toBe("fell-back");
});

test("one that was cut off on its way is told, and blocks nothing", async () => {
  const held = answering("stale\n");
  await holdTheGuard(held.context);
  expect(held.progress.events.join()).toMatch(/^warning .*cut off while it went back/);
  const disarmed = answering("stale\ngone\n");
  await disarmTheGuard(disarmed.context);
  expect(disarmed.progress.events.join()).toMatch(/^warning .*cut off while it went back/);
});
