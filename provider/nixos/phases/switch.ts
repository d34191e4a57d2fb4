import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { runJob } from "../../host/job";
import type { NixosContext } from "../context";
import { bootFilesMatch, type NixosFacts } from "../facts";
import { shortPath } from "./install";

/** The exit code by which switch-to-configuration says: active, but some units failed. */
const someUnitsFailed = 4;

/** Activates without a reboot, possible while kernel, initrd and parameters stay the same. */
export const activate: Phase<NixosFacts, NixosContext> = {
  name: "switch",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) => !bootFilesMatch(facts) || facts.currentSystem === spec.toplevel,
  async run({ spec, session, progress }) {
    const job = await runJob(session, {
      name: "switch",
      script: `${spec.toplevel}/bin/switch-to-configuration switch`,
      deadlineSeconds: spec.deadlines.phaseSeconds,
      onLine: (line) => {
        progress.log(line);
        progress.detail(line);
      },
    });
    if (job.exitCode === someUnitsFailed)
      progress.warning("the new system is active, but some of its units failed");
    else if (job.exitCode !== 0) {
      throw new HostError("activation-failed", {
        what: "the system could not be activated",
        expected: "switch-to-configuration switch to end with 0",
        seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
        next: "read the log; the earlier system can be declared again, it is still on the host",
        log: job.output,
      });
    }
  },
  verify: (after, { spec }) =>
    after.currentSystem === spec.toplevel
      ? {
          proved: `${shortPath(spec.toplevel)} is active, without a reboot: kernel, initrd and parameters are the same`,
        }
      : {
          code: "activation-failed",
          what: "switch-to-configuration ended, but the system is not active",
          expected: `/run/current-system → ${spec.toplevel}`,
          seen: after.currentSystem,
          next: "read the host's journal, then run pulumi up again",
        },
};
