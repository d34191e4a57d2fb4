import { change, driverOf } from "../boot-order";
import { makeNext } from "../drivers/ostree";
import { bootedOf, inWords, isWanted, nextIsBooted, nextOf, runsAsDeclared } from "../goal";
import type { FcosPhase } from "../types";

/**
 * What somebody staged or queued goes back to where it was. What an interrupted run of ours staged, or finalized, shows
 * by its digest, and is gone on with.
 */
export const dropPending: FcosPhase = {
  name: "drop pending",
  deadlineSeconds: () => 600,
  isDone: (facts, { spec }) =>
    nextIsBooted(facts) || (isWanted(nextOf(facts), spec) && !runsAsDeclared(facts, spec)),
  async run(context, facts) {
    const booted = bootedOf(facts);
    if (booted === undefined) return;
    context.progress.detail(`the next boot would start ${inWords(nextOf(facts))}, which is not declared`);
    await change(context, facts, {
      name: "boot-order",
      script: makeNext(driverOf(facts), booted.id),
      deadlineSeconds: 540,
      code: "rebase-failed",
      what: "what is queued for the next boot could not be taken back; what runs is unchanged",
      next: () => "take it back on the host (`rpm-ostree cleanup -p`), then run pulumi up again",
    });
  },
  verify: (after, _context, before) =>
    nextIsBooted(after)
      ? { proved: `${inWords(nextOf(before))} is not next any more` }
      : {
          code: "rebase-failed",
          what: "what is queued for the next boot was taken back, but the next boot would still start something else",
          expected: inWords(bootedOf(after)),
          seen: inWords(nextOf(after)),
          next: "look at `rpm-ostree status` on the host, then run pulumi up again",
        },
};
