import type { Phase } from "../../core/phase";
import { copyClosure } from "../closure";
import type { NixosContext } from "../context";
import type { NixosFacts } from "../facts";

/** Brings the closure into the running system's store. A system that is still there needs no copy: a rollback. */
export const copy: Phase<NixosFacts, NixosContext> = {
  name: "copy",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts) => facts.live.hasWanted,
  run: (context) => copyClosure(context, context.spec.toplevel, ""),
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
