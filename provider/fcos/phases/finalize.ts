import { change, ownWords } from "../boot-order";
import { entryProblem } from "../boot-entries";
import { finalizeStaged } from "../drivers/ostree";
import { inWords, nextOf } from "../goal";
import { lookUntil } from "../look-until";
import type { FcosFacts, FcosPhase } from "../types";

/** ostree's unit has five minutes for it. */
const unitSeconds = 300;

/**
 * Lets ostree do now what it would do at shutdown: merge /etc, copy the kernel to /boot, write the boot entries. Done
 * then, a failure would only show as the old system that comes back.
 */
export const finalize: FcosPhase = {
  name: "finalize",
  deadlineSeconds: () => unitSeconds + 180,
  isDone: (facts) => nextOf(facts)?.staged !== true,
  async run(context, facts) {
    context.notes.target = nextOf(facts);
    const output = await change(context, facts, {
      name: "finalize",
      script: finalizeStaged,
      deadlineSeconds: unitSeconds + 60,
      code: "finalize-failed",
      what: "ostree could not finalize the deployment; the machine was not rebooted",
      next: () => howToFinalize,
      onLine: (line) => context.progress.detail(line),
    });
    context.notes.finalizeWords = ownWords(output);
    const { target } = context.notes;
    await lookUntil(context, (seen) => isNextToBoot(seen, target?.id) || seen.finalizeFailure !== "");
  },
  verify(after, { notes }) {
    const { target } = notes;
    const entry = after.deployments.find(({ id }) => id === target?.id)?.bootEntry;
    const problem = isNextToBoot(after, target?.id) ? entryProblem(entry) : undefined;
    if (isNextToBoot(after, target?.id) && problem === undefined)
      return {
        proved: `${entry?.title ?? ""}: ${entry?.linux ?? ""}, ${entry?.initrd ?? ""}`.replace(/^: /, ""),
      };
    return {
      code: "finalize-failed",
      what: "the deployment was not finalized; the machine was not rebooted",
      expected: `${inWords(target)} as the boot loader's first entry, with a kernel and an initrd`,
      seen: problem ?? (after.finalizeFailure || notes.finalizeWords || `${inWords(nextOf(after))} is next`),
      next: howToFinalize,
    };
  },
};

const howToFinalize =
  "look at the space in /boot and at `journalctl -u ostree-finalize-staged.service` on the host, then run pulumi up again";

function isNextToBoot(facts: FcosFacts, id: string | undefined): boolean {
  const next = nextOf(facts);
  return next !== undefined && next.id === id && !next.staged;
}
