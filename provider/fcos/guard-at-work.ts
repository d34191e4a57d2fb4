import { HostError } from "../core/errors";
import { healthSeconds } from "../host/health";
import { disarmGuard, holdGuard } from "./guard";
import type { FcosContext } from "./types";

/** Of the new boot, until it is kept: settling, the looks between the phases, pinning. */
const besideHealthSeconds = 420;

/** Whoever is there and at work is waited for. */
export async function holdTheGuard({ session, spec }: FcosContext): Promise<void> {
  const seconds = healthSeconds(spec.healthChecks) + besideHealthSeconds;
  const { stdout } = await session.run(holdGuard(seconds), { deadlineSeconds: 30 });
  if (stdout.trim() === "firing") throw guardWasFaster();
}

/** Believes that the guard is gone when the host says so; nothing else may decide about the next boot then. */
export async function disarmTheGuard({ session }: Pick<FcosContext, "session">): Promise<void> {
  const { stdout, stderr } = await session.run(disarmGuard, { deadlineSeconds: 90 });
  const [answer] = stdout.trim().split("\n").slice(-1);
  if (answer === "gone") return;
  if (answer === "firing") throw guardWasFaster();
  throw new HostError("command-failed", {
    what: "the guard could not be removed from the machine",
    expected: "no file of it, neither in /var/lib/pulumi-immutable-os nor in /etc/systemd/system",
    seen: stderr.trim().split("\n").at(-1) || answer || "no answer",
    next: "look at the space in /var on the host, then run pulumi up again",
  });
}

function guardWasFaster(): HostError {
  return new HostError("fell-back", {
    what: "nobody confirmed the new system in time: the machine's guard is taking it back to the earlier one",
    expected: "to reach the machine before its guard acts",
    seen: "it has begun to go back, and reboots",
    next: "allow more time in connection.deadlines.bootSeconds; when the machine answers again, run pulumi up again",
  });
}
