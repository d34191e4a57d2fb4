import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { copyClosure } from "../closure";
import type { NixosContext } from "../context";
import type { NixosFacts } from "../facts";
import { beginCopy } from "../unflushed";

/** Brings the closure into the running system's store. A system that is still there needs no copy: a rollback. */
export const copy: Phase<NixosFacts, NixosContext> = {
  name: "copy",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts) => facts.live.hasWanted,
  async run(context) {
    const { session, spec } = context;
    const begun = await session.run(beginCopy, { deadlineSeconds: spec.deadlines.phaseSeconds });
    if (begun.exitCode !== 0) throw notMarked(begun.stderr.trim() || `exit code ${begun.exitCode}`);
    await copyClosure(context, spec.toplevel, "");
  },
  verify: (after, { spec }) =>
    after.live.hasWanted
      ? { proved: "" }
      : {
          code: "copy-failed",
          what: "nix copy said 0, but the host's store does not have the system",
          expected: `${spec.toplevel} valid in the host's store`,
          seen: "not valid",
          next: "run pulumi up again",
        },
};

function notMarked(seen: string): HostError {
  return new HostError("copy-failed", {
    what: "the host could not note down that a copy begins; nothing was copied",
    expected: "a file in /var/lib/pulumi-immutable-os",
    seen,
    next: "look at the space in /var on the host, then run pulumi up again",
  });
}
