import type { Phase } from "../../core/phase";
import type { NixosContext } from "../context";
import { findNixosDrift } from "../drift";
import { isNixos, type NixosFacts } from "../facts";
import { shortPath } from "./install";

/** Changes nothing: compares every two-sided key with what the machine shows. */
export const confirm: Phase<NixosFacts, NixosContext> = {
  name: "confirm",
  deadlineSeconds: () => 120,
  isDone: () => false,
  async run({ session }) {
    // Units that a fresh boot still starts are no failures: wait for the end of the start, not longer than a minute.
    await session.run("[ -d /run/systemd/system ] && timeout 60 systemctl is-system-running --wait", {
      deadlineSeconds: 90,
    });
  },
  verify(after, { spec, progress }) {
    const drift = findNixosDrift(spec.inputs, after);
    if (!isNixos(after) || drift.length > 0) {
      return {
        code: "wrong-system",
        what: "the machine does not run the declared system",
        expected: drift.map((item) => `${item.key} ${item.declared}`).join("; ") || "NixOS",
        seen:
          drift.map((item) => `${item.key} ${item.observed || "nothing"}`).join("; ") ||
          after.osRelease.prettyName,
        next: "look at the machine's console for a boot menu or a kernel that fell back, then run pulumi up again",
      };
    }
    if (after.failedUnits.length > 0)
      progress.warning(`failed units on the host: ${after.failedUnits.join(", ")}`);
    return {
      proved: `kernel ${after.kernelRelease}, ${shortPath(spec.toplevel)} booted, current and boot default`,
    };
  },
};
