import type { HealthCheck } from "./health-check";
import type { Try } from "./health-script";

/** The exit codes by which timeout says that it ended what it was to watch. */
const endedByTimeout = [124, 137];

export function hasPassed(check: HealthCheck, { exitCode, output }: Try): boolean {
  return exitCode === 0 && (check.kind !== "http" || statusOf(output) === check.status);
}

/** The command itself is not told: it may be long, and hold what is nobody's business. */
export function whatIsExpected(check: HealthCheck): string {
  switch (check.kind) {
    case "command":
      return "exit code 0";
    case "unit":
      return `${check.unit} to be active`;
    case "tcp":
      return `a TCP connection to ${check.host}:${check.port}`;
    case "http":
      return `HTTP ${check.status} from ${check.url}`;
  }
}

/** Why a try counts as failed, in one line. */
export function whatWasSeen(check: HealthCheck, left: Try): string {
  const { exitCode, output } = left;
  if (exitCode === undefined) return "no exit code of the try";
  if (endedByTimeout.includes(exitCode)) return `no end within ${check.deadlineSeconds} s`;
  const said = output.trim().split("\n");
  switch (check.kind) {
    case "command":
      return `exit code ${exitCode}${output === "" ? "" : `: ${said.at(-1)}`}`;
    case "unit":
      return (output.trim().split("\n\n")[0] || `exit code ${exitCode} of systemctl`).replaceAll("\n", ", ");
    case "tcp":
      // Where bash itself is not there, only the whole line says so.
      return (exitCode === 1 ? said[0]?.split(": ").at(-1) : said[0]) || `exit code ${exitCode}`;
    case "http":
      return exitCode === 0
        ? `HTTP ${statusOf(output) ?? "without a status"}`
        : (said.find((line) => line.startsWith("curl:")) ?? `exit code ${exitCode}: ${said.at(-1)}`);
  }
}

function statusOf(output: string): number | undefined {
  const status = /^HTTP (\d{3})$/m.exec(output)?.[1];
  return status === undefined ? undefined : Number(status);
}
