import { HostError } from "../core/errors";
import type { Progress } from "../core/progress";
import type { CommandResult } from "../core/shell";
import type { HostSession, WayName } from "./session";
import { isPassing, keepTrying } from "./session";

const readBootId = "cat /proc/sys/kernel/random/boot_id";

/** A NAT in front accepts connections for a machine that is still booting: a first try must not wait long for a banner. */
const shortestTrySeconds = 2;

/** While the expected system does not let us in, every so many tries the way back is tried instead. */
const triesBetweenWaysBack = 4;

/** What the old boot may take longer than it may answer, while its end is still under way. */
const pendingFactor = 4;

export interface WaitForBoot {
  session: HostSession;
  /** The way into the system that is expected. */
  way: WayName;
  /** The way into the system that may come back instead, or may never have left. */
  wayBack?: WayName;
  /** The boot that must be over. */
  oldBootId: string;
  deadlineSeconds: number;
  /** Seconds after which the old boot, when it still answers, proves that nothing was booted. */
  oldMayAnswerSeconds: number;
  /** The system that is left proves other keys than the expected one, and may be met for as long as it may answer. */
  leftHasOtherKeys?: boolean;
  /** Shell test that holds while the end of the old boot is still ordered and to come: a slow machine is no failure. */
  endIsPending?: string;
  progress: Progress;
}

export type BootResult =
  | { end: "booted"; commandLine: string }
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
  const state = { oldAlive: true, oldAnswered: false, tries: 0 };
  const question = `${readBootId}
${wait.endIsPending ? `{ ${wait.endIsPending}; } && echo pending` : ""}
echo "command line: $(cat /proc/cmdline)"`;
  const outcome = await keepTrying<BootResult>(
    wait.deadlineSeconds,
    async () => {
      state.oldAnswered = false;
      const answer = state.oldAlive
        ? await askOld(session, question, state)
        : await askAnew(wait, question, ++state.tries);
      const seconds = (performance.now() - start) / 1000;
      if (answer === undefined) return undefined;
      if (answer.bootId !== wait.oldBootId) return { end: "booted", commandLine: answer.commandLine };
      state.oldAnswered = true;
      state.oldAlive = true;
      return seconds > wait.oldMayAnswerSeconds * (answer.pending ? pendingFactor : 1)
        ? { end: "old-boot-alive", seconds }
        : undefined;
    },
    (seconds) =>
      progress.detail(
        `${state.oldAlive ? "the old system still answers" : "waiting for the new system"}, ` +
          `${Math.round(seconds)} s of at most ${wait.deadlineSeconds} s`,
      ),
    (error, seconds) => isPassing(error) || isOfTheSystemLeft(wait, error, seconds),
  );
  const { seconds, last } = outcome;
  return (
    outcome.result ??
    (state.oldAnswered ? { end: "old-boot-alive", seconds } : { end: "silent", seconds, last })
  );
}

function isOfTheSystemLeft(wait: WaitForBoot, { code }: HostError, seconds: number): boolean {
  return code === "host-key-mismatch" && wait.leftHasOtherKeys === true && seconds < wait.oldMayAnswerSeconds;
}

async function askOld(
  session: HostSession,
  question: string,
  state: { oldAlive: boolean },
): Promise<Answer | undefined> {
  try {
    // A connection that has ended is not opened again: whoever answers then is asked for as the expected system.
    const answer = await session.runIfOpen(question, { deadlineSeconds: 3 });
    if (answer !== undefined) return answerOf(answer);
  } catch {
    // It does not live any more.
  }
  state.oldAlive = false;
  await session.drop();
  return undefined;
}

async function askAnew(wait: WaitForBoot, question: string, tries: number): Promise<Answer | undefined> {
  const back = tries % triesBetweenWaysBack === 0 ? wait.wayBack : undefined;
  const mostSeconds = shortestTrySeconds + tries - 1;
  await wait.session.drop();
  try {
    const shell = await wait.session.enter(back ?? wait.way, mostSeconds);
    return answerOf(await shell.run(question, { deadlineSeconds: 15 }));
  } catch (error) {
    // The last word of the wait is the expected system's.
    if (back !== undefined && error instanceof HostError && error.code !== "host-key-mismatch")
      return undefined;
    throw error;
  }
}

interface Answer {
  bootId: string;
  pending: boolean;
  commandLine: string;
}

/** Anything else than a boot_id is no answer: a failed command must not count as another boot. */
function answerOf({ stdout }: CommandResult): Answer | undefined {
  const [bootId = ""] = stdout.split("\n");
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(bootId)) return undefined;
  return {
    bootId,
    pending: /^pending$/m.test(stdout),
    commandLine: /^command line: (.*)$/m.exec(stdout)?.[1] ?? "",
  };
}
