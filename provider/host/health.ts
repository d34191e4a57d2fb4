import { sleep } from "../core/deadline";
import { HostError, lastLines } from "../core/errors";
import type { Progress } from "../core/progress";
import type { HealthCheck, HealthFailure } from "./health-check";
import { healthScript, parseTries, scriptSeconds, type Try } from "./health-script";
import { hasPassed, whatIsExpected, whatWasSeen } from "./health-words";
import { isPassing, type HostSession } from "./session";

export type { HealthCheck, HealthFailure } from "./health-check";

type Asker = Pick<HostSession, "run">;

/** Beside the tries themselves: the way to the host and back, and a connection that must be opened anew. */
const roundSeconds = 30;
const mostLetters = 400;

interface Asked {
  check: HealthCheck;
  tries: number;
  dueAt: number;
  passed: boolean;
  seen: string;
  log: string;
  /** The machine did not answer at the last try. */
  away: HostError | undefined;
}

/** Throws `unhealthy` with every check that did not pass. */
export async function requireHealthy(
  session: Asker,
  checks: readonly HealthCheck[],
  progress: Progress,
): Promise<void> {
  const failures = await runHealthChecks(session, checks, progress);
  if (failures.length > 0) throw unhealthy(failures);
}

/**
 * Asks in rounds, until each check passed or has no tries left; answers with those that did not pass. A machine that
 * does not answer uses up tries like one that is sick, and is out of reach when they are over.
 */
export async function runHealthChecks(
  session: Asker,
  checks: readonly HealthCheck[],
  progress: Progress,
): Promise<HealthFailure[]> {
  const all = checks.map((check): Asked => ({
    check,
    tries: 0,
    dueAt: 0,
    passed: false,
    seen: "",
    log: "",
    away: undefined,
  }));
  for (;;) {
    const open = all.filter(({ passed, tries, check }) => !passed && tries <= check.retries);
    if (open.length === 0) break;
    const first = Math.min(...open.map(({ dueAt }) => dueAt));
    await sleep(Math.max(0, first - performance.now()));
    const now = Math.max(first, performance.now());
    const due = open.filter(({ dueAt }) => dueAt <= now);
    await askOnce(session, due, progress);
    progress.detail(`health: ${all.map(inWords).join(", ")}`);
  }
  const failed = all.filter(({ passed }) => !passed);
  for (const { away } of failed) if (away !== undefined) throw away;
  return failed.map(({ check, seen, log, tries }) => {
    return { name: check.name, expected: whatIsExpected(check), seen, log, tries };
  });
}

/** The seconds that a phase must allow for its health checks. */
export function healthSeconds(checks: readonly HealthCheck[]): number {
  const round = scriptSeconds(checks) + roundSeconds;
  // A check that is due waits for the end of the round before it.
  return Math.max(
    0,
    ...checks.map(({ retries, intervalSeconds }) => (retries + 1) * (intervalSeconds + 2 * round)),
  );
}

function unhealthy(failures: readonly HealthFailure[]): HostError {
  const each = (say: (failure: HealthFailure) => string): string =>
    failures.map((failure) => `${failure.name}: ${say(failure)}`).join("; ");
  const log = failures
    .filter((failure) => failure.log !== "")
    .map((failure) => `== ${failure.name}\n${failure.log}`)
    .join("\n");
  return new HostError("unhealthy", {
    what: `the machine is not healthy, say ${failures.length} of its health checks`,
    expected: each(({ expected }) => expected),
    seen: each(({ seen, tries }) => `${seen} (${tries === 1 ? "one try" : `${tries} tries`})`),
    next: "look at the services on the host, or give the checks more retries; then run pulumi up again",
    ...(log === "" ? {} : { log }),
  });
}

async function askOnce(session: Asker, due: readonly Asked[], progress: Progress): Promise<void> {
  const checks = due.map(({ check }) => check);
  let tries: Try[] = [];
  let away: HostError | undefined;
  try {
    const deadlineSeconds = scriptSeconds(checks) + roundSeconds;
    const { stdout } = await session.run(healthScript(checks), { deadlineSeconds });
    tries = parseTries(stdout, due.length);
  } catch (error) {
    if (!(error instanceof HostError && isPassing(error))) throw error;
    away = error;
  }
  const end = performance.now();
  for (const [index, asked] of due.entries()) {
    asked.tries++;
    asked.dueAt = end + asked.check.intervalSeconds * 1000;
    asked.away = away;
    const left = tries[index] ?? { exitCode: undefined, output: "" };
    asked.passed = hasPassed(asked.check, left);
    // What is cut is cleaned before: half of a secret is not known as one.
    const said = { ...left, output: progress.clean(left.output) };
    asked.seen = away?.details.what ?? cut(whatWasSeen(asked.check, said));
    asked.log = lastLines(said.output.split("\n").map(cut).join("\n"), 20);
  }
}

function inWords({ check, passed, seen, tries }: Asked): string {
  if (passed) return `${check.name} passed`;
  return tries === 0 ? check.name : `${check.name} ${seen} (try ${tries} of ${check.retries + 1})`;
}

function cut(line: string): string {
  return line.length > mostLetters ? `${line.slice(0, mostLetters)}…` : line;
}
