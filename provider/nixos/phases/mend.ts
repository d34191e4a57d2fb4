import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { runJob } from "../../host/job";
import type { NixosContext } from "../context";
import type { NixosFacts } from "../facts";
import { deleteBroken } from "../unflushed";

/** After a power cut in a copy, what Nix calls valid may be empty: that goes, before anything counts as there. */
export const mend: Phase<NixosFacts, NixosContext> = {
  name: "store check",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts) => !facts.wentDownInCopy,
  async run({ session, progress, spec }) {
    progress.detail("the machine went down in an earlier copy: verifying what had arrived");
    const job = await runJob(session, {
      name: "mend",
      script: deleteBroken,
      deadlineSeconds: spec.deadlines.phaseSeconds,
      onLine: (line) => {
        progress.log(line);
        if (line.startsWith("deleting '")) progress.detail(line);
      },
    });
    if (job.exitCode === 0) return;
    throw new HostError("copy-failed", {
      what: "the machine went down in an earlier copy, and the store paths which that broke could not be deleted",
      expected: "nix-store --delete to end with 0",
      seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
      next:
        "`nix-store --query --roots` on the host says what holds such a path: remove that, or let " +
        "`nix-store --repair-path` fetch the path from a substituter; then run pulumi up again",
      log: job.output,
    });
  },
  verify: (after) =>
    after.wentDownInCopy
      ? {
          code: "copy-failed",
          what: "the host's store was checked, but it is still marked as cut in a copy",
          expected: "no mark of a copy in an earlier boot",
          seen: "one",
          next: "look at the space in /var on the host, then run pulumi up again",
        }
      : {
          proved: "what the machine's last copy wrote before it went down was verified",
        },
};
