import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { runJob } from "../../host/job";
import { removeCutCopies } from "../boot-default";
import type { NixosContext } from "../context";
import type { NixosFacts } from "../facts";
import { flushStore } from "../unflushed";
import { bootable } from "./install";

/** Makes the system the profile's newest generation and the boot loader's default, without activating it. */
export const register: Phase<NixosFacts, NixosContext> = {
  name: "boot entry",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) => "proved" in bootable(facts.live, spec.toplevel, "activation-failed", ""),
  async run({ spec, session, progress }) {
    const job = await runJob(session, {
      name: "register",
      script: `set -e
[ -e ${spec.toplevel}/nixos-version ]
${flushStore}
nix-env -p /nix/var/nix/profiles/system --set ${spec.toplevel}
${removeCutCopies(spec.toplevel)}
${spec.toplevel}/bin/switch-to-configuration boot
sync`,
      deadlineSeconds: spec.deadlines.phaseSeconds,
      onLine: progress.log.bind(progress),
    });
    if (job.exitCode !== 0) {
      throw new HostError("activation-failed", {
        what: "the boot entry could not be written; the running system is unchanged",
        expected: "switch-to-configuration boot to end with 0",
        seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
        next: "look at the space in /boot, then run pulumi up again",
        log: job.output,
      });
    }
  },
  verify(after, { spec: { toplevel } }) {
    const verdict = bootable(
      after.live,
      toplevel,
      "activation-failed",
      "switch-to-configuration said 0, but the machine would not boot the declared system",
    );
    if ("proved" in verdict) return verdict;
    // A store that lost files before our time, or to others, has nothing to show for it but this.
    const whole = `let nix-store --verify-path ${toplevel} on the host say whether the system is whole`;
    return { ...verdict, next: `${whole}; ${verdict.next}` };
  },
};
