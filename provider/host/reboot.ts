import { HostError } from "../core/errors";
import type { Verdict } from "../core/phase";
import type { Progress } from "../core/progress";
import { waitForBoot } from "./boot";
import type { HostSession } from "./session";
import type { SystemFacts } from "./system-facts";

/** A system that shuts down may answer until its last unit has stopped. */
const longestShutdownSeconds = 180;

export interface Reboot {
  session: HostSession;
  progress: Progress;
  /** The address that errors name. */
  host: string;
  /** The boot that is left. */
  oldBootId: string;
  bootSeconds: number;
  /** Shell text that makes the present system ready to go. */
  leave?: string;
  /** The system that is left proves other keys than the one that comes. */
  leftHasOtherKeys?: boolean;
  /** What a person may have to do at the console, or what the machine does by itself when it does not come up. */
  hint?: string | undefined;
}

/** The seconds that a phase must allow for `rebootAndWait`. */
export function rebootSeconds(bootSeconds: number): number {
  return bootSeconds + 120;
}

/** Leaves the present system, and waits for another boot_id behind the installed system's own address. */
export async function rebootAndWait(reboot: Reboot): Promise<void> {
  const { session, progress, oldBootId, bootSeconds, hint } = reboot;
  const order = await session.run(
    `${reboot.leave ?? "sync"}
setsid sh -c 'sleep 1; if [ -d /run/systemd/system ]; then systemctl reboot; else reboot; fi' </dev/null >/dev/null 2>&1 &`,
    { deadlineSeconds: 120 },
  );
  progress.log(order.stderr);
  if (hint) progress.lasting(`reboot: ${hint}`);
  const end = await waitForBoot({
    session,
    way: "installed",
    oldBootId,
    deadlineSeconds: bootSeconds,
    oldMayAnswerSeconds: longestShutdownSeconds,
    leftHasOtherKeys: reboot.leftHasOtherKeys ?? false,
    // A unit that takes minutes to stop keeps the old system up: that is a slow shutdown, and none that failed.
    endIsPending: String.raw`systemctl list-jobs 2>/dev/null | grep -qE '(reboot|shutdown)\.target'`,
    progress,
  });
  if (end.end === "booted") return;
  const silent = end.end === "silent";
  throw new HostError(silent ? "unreachable" : "reboot-not-proved", {
    what: silent ? "the machine did not come back after the reboot" : "the machine did not reboot",
    expected: `another boot_id within ${bootSeconds} s at ${reboot.host}`,
    seen: silent
      ? `${end.last?.details.what ?? "nothing"} after ${Math.round(end.seconds)} s`
      : `boot_id ${oldBootId} still answers after ${Math.round(end.seconds)} s`,
    next: `${hint ? `${hint}; else ` : ""}look at the machine's console; when it answers again, pulumi up goes on from here`,
  });
}

export function provedReboot(after: SystemFacts, before: SystemFacts): Verdict {
  return after.bootId !== before.bootId
    ? { proved: `kernel ${before.kernelRelease} → ${after.kernelRelease}, boot_id changed` }
    : {
        code: "reboot-not-proved",
        what: "the machine did not reboot",
        expected: "another boot_id",
        seen: `boot_id ${after.bootId}`,
        next: "run pulumi up again",
      };
}
