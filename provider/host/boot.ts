import { HostError } from "../core/errors";
import type { Progress } from "../core/progress";
import type { CommandResult } from "../core/shell";
import type { HostSession, WayName } from "./session";
import { keepTrying } from "./session";

const readBootId = "cat /proc/sys/kernel/random/boot_id";

export interface WaitForBoot {
  session: HostSession;
  /** The way into the system that is expected. */
  way: WayName;
  /** The boot that must be over. */
  oldBootId: string;
  deadlineSeconds: number;
  /** Seconds after which the old boot, when it still answers, proves that nothing was booted. */
  oldMayAnswerSeconds: number;
  progress: Progress;
}

export type BootResult =
  | { end: "booted" }
  /** The old boot answers although its time is over. */
  | { end: "old-boot-alive"; seconds: number }
  | { end: "silent"; seconds: number; last: HostError | undefined };

/**
 * Waits until the machine answers with another boot_id. The connection of the old boot is asked first, for as long
 * as it lives: so a machine that never went down is told apart from one that is slow, without a new login.
 */
export async function waitForBoot(wait: WaitForBoot): Promise<BootResult> {
  const { session, progress } = wait;
  const start = performance.now();
  const state = { oldAlive: true, oldAnswered: false };
  const outcome = await keepTrying<BootResult>(
    wait.deadlineSeconds,
    async () => {
      state.oldAnswered = false;
      const bootId = state.oldAlive ? await askOld(session, state) : await askAnew(session, wait.way);
      const seconds = (performance.now() - start) / 1000;
      if (bootId === undefined) return undefined;
      if (bootId !== wait.oldBootId) return { end: "booted" };
      state.oldAnswered = true;
      return seconds > wait.oldMayAnswerSeconds ? { end: "old-boot-alive", seconds } : undefined;
    },
    (seconds, last) =>
      progress.detail(
        `${state.oldAlive ? "the old system still answers" : "waiting for the new system"}, ` +
          `${Math.round(seconds)} s of at most ${wait.deadlineSeconds} s${last ? ` (${last.details.what})` : ""}`,
      ),
  );
  const { seconds, last } = outcome;
  return outcome.result ?? (state.oldAnswered ? { end: "old-boot-alive", seconds } : { end: "silent", seconds, last });
}

async function askOld(session: HostSession, state: { oldAlive: boolean }): Promise<string | undefined> {
  try {
    return bootIdOf(await session.run(readBootId, { deadlineSeconds: 3 }));
  } catch {
    state.oldAlive = false;
    await session.drop();
    return undefined;
  }
}

async function askAnew(session: HostSession, way: WayName): Promise<string | undefined> {
  await session.drop();
  const shell = await session.enter(way);
  return bootIdOf(await shell.run(readBootId, { deadlineSeconds: 15 }));
}

/** Anything else than a boot_id is no answer: a failed command must not count as another boot. */
function bootIdOf({ stdout }: CommandResult): string | undefined {
  const bootId = stdout.trim();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(bootId) ? bootId : undefined;
}
