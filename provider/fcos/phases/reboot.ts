import type { Refutation } from "../../core/phase";
import { provedReboot, rebootAndWait, rebootSeconds } from "../../host/reboot";
import { holdTheGuard } from "../guard-at-work";
import { bootedOf, expectedKernel, inWords, nextIsBooted, nextOf, runsAsDeclared } from "../goal";
import type { FcosContext, FcosFacts, FcosPhase } from "../types";

/** Leaves the present deployment for the next one, and tells apart how that can fail. */
export const reboot: FcosPhase = {
  name: "reboot",
  deadlineSeconds: ({ spec }) => rebootSeconds(spec.deadlines.bootSeconds),
  isDone: (facts, { spec }) => nextIsBooted(facts) && runsAsDeclared(facts, spec),
  async run(context, facts) {
    const { session, progress, spec, notes } = context;
    notes.target = nextOf(facts);
    await rebootAndWait({
      session,
      progress,
      host: spec.inputs.connection.host,
      oldBootId: facts.bootId,
      bootSeconds: spec.deadlines.bootSeconds,
      hint: guardHint(context, facts),
    });
    await holdTheGuard(context);
  },
  verify(after, context, before) {
    const rebooted = provedReboot(after, before);
    if ("code" in rebooted) return rebooted;
    if (bootedOf(after)?.id !== context.notes.target?.id) return cameBack(after, context, before);
    return wrongKernel(after, context) ?? rebooted;
  },
};

/** The right deployment with another kernel than its own is one that nobody inspected. */
export function wrongKernel(after: FcosFacts, { spec }: Pick<FcosContext, "spec">): Refutation | undefined {
  const expected = expectedKernel(after, spec);
  if (expected === undefined || after.kernelRelease === expected) return undefined;
  return {
    code: "wrong-kernel",
    what: "the machine booted the declared image, but runs another kernel",
    expected: `uname -r ${expected}`,
    seen: after.kernelRelease,
    next: "look at the boot loader's entry and at kexec on the host, then run pulumi up again",
  };
}

/** It did reboot, and into something else. */
function cameBack(after: FcosFacts, { notes }: FcosContext, before: FcosFacts): Refutation {
  const booted = bootedOf(after);
  const isOld = booted?.id === bootedOf(before)?.id;
  const by = after.guard.rolledBack.startsWith(`${notes.target?.id} `)
    ? ": its guard went back, because nobody reached it in time"
    : "";
  if (isOld && after.finalizeFailure !== "" && by === "") {
    return {
      code: "finalize-failed",
      what: "the deployment was not finalized when the machine went down; the old system came back",
      expected: inWords(notes.target),
      seen: after.finalizeFailure,
      next: "look at the space in /boot on the host, then run pulumi up again",
    };
  }
  return {
    code: "fell-back",
    what: `the machine rebooted, and ${isOld ? "the old system came back" : "another deployment came up"}${by}`,
    expected: inWords(notes.target),
    seen: `${inWords(booted)}, kernel ${after.kernelRelease} by uname -r`,
    next: "look at `journalctl -b -1` on the host and at its console for a boot menu or a counter of failed boots; then run pulumi up again",
  };
}

/** What happens by itself when the new system does not let us in. */
function guardHint({ spec }: FcosContext, facts: FcosFacts): string | undefined {
  if (facts.guard.armedFor !== nextOf(facts)?.id) return undefined;
  return `if the new system boots and nobody can reach it, its guard takes the machine back ${spec.deadlines.bootSeconds} s after that`;
}
