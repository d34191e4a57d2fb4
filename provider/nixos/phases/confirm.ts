import type { Phase, Refutation } from "../../core/phase";
import { settle } from "../../host/settle";
import { tellFailedUnits, wrongSystem } from "../../host/wrong-system";
import type { NixosContext } from "../context";
import { findNixosDrift } from "../drift";
import { isNixos, type NixosFacts } from "../facts";
import { shortPath } from "./install";

const next =
  "look at the machine's console for a boot menu or a kernel that fell back, then run pulumi up again";

/** Changes nothing: compares every two-sided key with what the machine shows. */
export const confirm: Phase<NixosFacts, NixosContext> = {
  name: "confirm",
  deadlineSeconds: () => 120,
  isDone: () => false,
  run: ({ session }) => settle(session),
  verify(after, { spec, progress }) {
    const refutation = wrongSystem(findNixosDrift(spec.inputs, after), next) ?? noNixos(after);
    if (refutation !== undefined) return refutation;
    tellFailedUnits(after, progress);
    return {
      proved: `kernel ${after.kernelRelease}, ${shortPath(spec.toplevel)} booted, current and boot default`,
    };
  },
};

function noNixos(after: NixosFacts): Refutation | undefined {
  if (isNixos(after)) return undefined;
  return {
    code: "wrong-system",
    what: "the machine does not run the declared system",
    expected: "NixOS",
    seen: after.osRelease.prettyName,
    next,
  };
}
