import { HostError } from "../../core/errors";
import { armGuard } from "../guard";
import { bootedOf, inWords, nextIsBooted, nextOf } from "../goal";
import type { FcosPhase } from "../types";

/** Puts a unit into the deployment that is next, which goes back by itself when nobody confirms it in time. */
export const armTheGuard: FcosPhase = {
  name: "guard",
  deadlineSeconds: () => 90,
  // Where a failed move goes back to needs none: what would be behind it was never confirmed.
  isDone: (facts, { spec, notes }) =>
    !spec.guard ||
    nextIsBooted(facts) ||
    nextOf(facts)?.id === notes.before?.id ||
    facts.guard.armedFor === nextOf(facts)?.id,
  async run({ session, spec, notes }, facts) {
    const before = facts.deployments.find(({ id }) => id === notes.before?.id);
    const [target, previous] = [nextOf(facts), before ?? bootedOf(facts)];
    if (target === undefined || previous === undefined) return;
    const armed = await session.run(armGuard(target, previous, spec.deadlines.bootSeconds), {
      deadlineSeconds: 60,
    });
    if (armed.exitCode === 0) return;
    throw new HostError("command-failed", {
      what: "the guard could not be written into the new deployment; the machine was not rebooted",
      expected: "its unit in the deployment's /etc/systemd/system",
      seen: armed.stderr.trim().split("\n").at(-1) || `exit code ${armed.exitCode}`,
      next: "correct what is named, or set rollback.guard: false; then run pulumi up again",
    });
  },
  verify(after, { spec }) {
    const target = nextOf(after);
    return after.guard.armedFor === target?.id
      ? {
          proved: `${inWords(target)} goes back by itself if nobody confirms it within ${spec.deadlines.bootSeconds} s after it boots (not if its kernel or initramfs does not come up)`,
        }
      : {
          code: "command-failed",
          what: "the guard was written, but it is not armed for the deployment that is next",
          expected: `armed for ${target?.id ?? "a deployment"}`,
          seen: after.guard.armedFor || "not armed",
          next: "look at /var/lib/pulumi-immutable-os on the host, or set rollback.guard: false; then run pulumi up again",
        };
  },
};
