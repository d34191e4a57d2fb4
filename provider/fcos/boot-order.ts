import { HostError, type ErrorCode } from "../core/errors";
import { runJob } from "../host/job";
import { driverNamed, type Driver } from "./drivers/driver";
import type { FcosContext, FcosFacts } from "./types";

/** Of whichever tool the facts are; a machine without one is refused before anything runs. */
export function driverOf({ driver }: Pick<FcosFacts, "driver">): Driver {
  return driverNamed(driver === "bootc" ? "bootc" : "rpm-ostree");
}

interface Change {
  /** Names the job on the host. */
  name: string;
  script: string;
  deadlineSeconds?: number;
  code: ErrorCode;
  /** What a failure means, up to and with what became of the machine. */
  what: string;
  next(output: string): string;
  onLine?(line: string): void;
}

/** Runs a change of the machine's deployments to its end, with or without us. That it said 0 proves nothing yet. */
export async function change(
  { session, progress, spec }: FcosContext,
  facts: Pick<FcosFacts, "driver">,
  wanted: Change,
): Promise<string> {
  const job = await runJob(session, {
    name: wanted.name,
    script: wanted.script,
    // rpm-ostree's work is done by its daemon, bootc's by the command itself.
    keepsDomain: driverOf(facts).name === "bootc",
    deadlineSeconds: wanted.deadlineSeconds ?? spec.deadlines.phaseSeconds,
    onLine: (line) => {
      progress.log(line);
      wanted.onLine?.(line);
    },
  });
  if (job.exitCode === 0) return job.output;
  throw new HostError(wanted.code, {
    what: wanted.what,
    expected: "exit code 0",
    seen: `exit code ${job.exitCode}: ${ownWords(job.output)}`,
    next: wanted.next(job.output),
    log: job.output,
  });
}

/** What a tool says of its failure; what others, such as systemd, say after it, is in the log. */
export function ownWords(output: string): string {
  const said = output.trim().split("\n");
  return said.findLast((line) => /^error\b/i.test(line)) ?? said.at(-1) ?? "";
}
