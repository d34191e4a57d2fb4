import { HostError } from "../core/errors";
import { healthSeconds } from "../host/health";
import { disarmGuard, holdGuard } from "./guard";
import { guardFolder } from "./guard-unit";
import type { FcosContext } from "./types";

/** Of the new boot, until it is kept: settling, the looks between the phases, pinning. */
const besideHealthSeconds = 420;

/** Whoever is there and at work is waited for. */
export async function holdTheGuard({ session, spec, progress }: FcosContext): Promise<void> {
  const seconds = healthSeconds(spec.healthChecks) + besideHealthSeconds;
  const { stdout, stderr } = await session.run(holdGuard(seconds), { deadlineSeconds: 30 });
  const answer = stdout.trim();
  if (answer === "held" || answer === "none") return;
  if (answer === "firing") throw guardWasFaster();
  if (answer === "stale") return progress.warning(wasCutOff);
  throw new HostError("command-failed", {
    what: "the guard could not be told that somebody is at work: it would take the machine back meanwhile",
    expected: `${guardFolder}/held to be written`,
    seen: stderr.trim().split("\n").at(-1) || answer || "no answer",
    next: "look at the space in /var on the host, then run pulumi up again",
  });
}

/** Believes that the guard is gone when the host says so; nothing else may decide about the next boot then. */
export async function disarmTheGuard({
  session,
  progress,
}: Pick<FcosContext, "session" | "progress">): Promise<void> {
  const { stdout, stderr } = await session.run(disarmGuard, { deadlineSeconds: 90 });
  const answers = stdout.trim().split("\n");
  const answer = answers.at(-1);
  if (answers.includes("stale")) progress.warning(wasCutOff);
  if (answer === "gone") return;
  if (answer === "firing") throw guardWasFaster();
  throw new HostError("command-failed", {
    what: "the guard could not be removed from the machine",
    expected: "no file of it, neither in /var/lib/pulumi-immutable-os nor in /etc/systemd/system",
    seen: stderr.trim().split("\n").at(-1) || answer || "no answer",
    next: "look at the space in /var on the host, then run pulumi up again",
  });
}

const wasCutOff =
  "the machine's guard was cut off while it went back, by a power cut perhaps: it acts no more, and what it left is removed";

function guardWasFaster(): HostError {
  return new HostError("fell-back", {
    what: "nobody confirmed the new system in time: the machine's guard is taking it back to the earlier one",
    expected: "to reach the machine before its guard acts",
    seen: "it has begun to go back, and reboots",
    next: "allow more time in connection.deadlines.bootSeconds; when the machine answers again, run pulumi up again",
  });
}
