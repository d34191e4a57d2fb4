import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type HostError } from "../../../provider/core/errors";
import type { CommandResult } from "../../../provider/core/shell";
import {
  healthSeconds,
  requireHealthy,
  runHealthChecks,
  type HealthCheck,
} from "../../../provider/host/health";
import { RecordedProgress } from "../support/builders";
import { errorOf, failureOf } from "../support/fake-shell";
import { ShellSession } from "../support/shell-session";

const check = (name: string, command: string, changes: Partial<HealthCheck> = {}): HealthCheck =>
  ({
    ...{ name, kind: "command", command, retries: 0, intervalSeconds: 0.05, deadlineSeconds: 20 },
    ...changes,
  }) as HealthCheck;

let host: ShellSession;
beforeEach(() => (host = new ShellSession()));
afterEach(() => host.remove());

/** A command that writes a line each time, and passes from its nth time on. */
function passingAt(name: string, nth: number): string {
  const file = join(host.root, name);
  return `echo try >>${file}; [ $(wc -l <${file}) -ge ${nth} ]`;
}

const timesOf = (name: string): number => readFileSync(join(host.root, name), "utf8").split("\n").length - 1;

test("what passed is not asked again, and who has no tries left is given up", async () => {
  const failures = await runHealthChecks(
    host,
    [
      check("quick", passingAt("quick", 1), { retries: 5 }),
      check("late", passingAt("late", 3), { retries: 5 }),
      check("never", passingAt("never", 99), { retries: 1 }),
    ],
    new RecordedProgress(),
  );
  expect(failures.map(({ name, tries }) => [name, tries])).toEqual([["never", 2]]);
  expect([timesOf("quick"), timesOf("late"), timesOf("never")]).toEqual([1, 3, 2]);
  expect(host.scripts).toHaveLength(3);
});

test("all checks of a round run at the same time, in one script", async () => {
  const met = (mine: string, other: string): string =>
    `touch ${host.root}/${mine}; for i in $(seq 100); do [ -e ${host.root}/${other} ] && exit 0; sleep 0.1; done; exit 1`;
  const checks = [check("one", met("one", "two")), check("two", met("two", "one"))];
  expect(await runHealthChecks(host, checks, new RecordedProgress())).toEqual([]);
  expect(host.scripts).toHaveLength(1);
});

test("each waits for its own time between two tries", async () => {
  const checks = [
    check("often", "false", { retries: 3, intervalSeconds: 0.05 }),
    check("seldom", "false", { retries: 1, intervalSeconds: 3 }),
  ];
  const start = performance.now();
  await runHealthChecks(host, checks, new RecordedProgress());
  expect(performance.now() - start).toBeGreaterThan(3000);
  // Three rounds of the first one alone lie between the two that both take part in, or two of them fall together.
  expect(host.scripts.length).toBeGreaterThanOrEqual(4);
});

test("without checks the host is not asked", async () => {
  expect(await runHealthChecks(host, [], new RecordedProgress())).toEqual([]);
  expect(host.scripts).toEqual([]);
});

test("what is done is told while it goes on", async () => {
  const progress = new RecordedProgress();
  const checks = [check("web", "true"), check("api", "exit 4", { retries: 1 })];
  await runHealthChecks(host, checks, progress);
  expect(progress.events).toEqual([
    "detail health: web passed, api exit code 4 (try 1 of 2)",
    "detail health: web passed, api exit code 4 (try 2 of 2)",
  ]);
});

describe("the failure", () => {
  test("names every check that did not pass, what was expected and what was seen", async () => {
    const checks = [
      check("web", "echo 'port taken'; exit 3", { retries: 1 }),
      check("fine", "true"),
      { ...check("unit", ""), kind: "unit", unit: "api.service" } as HealthCheck,
    ];
    host.program("systemctl", '[ "$1" = show ] && echo ActiveState=failed');
    host.program("journalctl", "echo 'out of memory'");
    const error = await failureOf(() => requireHealthy(host, checks, new RecordedProgress()));
    expect(error.code).toBe("unhealthy");
    expect(error.text()).toContain("the machine is not healthy, say 2 of its health checks [unhealthy]");
    expect(error.details).toMatchObject({
      expected: "web: exit code 0; unit: api.service to be active",
      seen: "web: exit code 3: port taken (2 tries); unit: ActiveState=failed (one try)",
      log: "== web\nport taken\n== unit\nActiveState=failed\n\nout of memory",
    });
  });

  test("is none when all passed", async () => {
    await expect(requireHealthy(host, [check("a", "true")], new RecordedProgress())).resolves.toBeUndefined();
  });

  test("shows no secret, also none that a cut goes through", async () => {
    const secret = "hunter2hunter2hunter2";
    class Cleaning extends RecordedProgress {
      override clean(text: string): string {
        return text.replaceAll(secret, "[secret]");
      }
    }
    const progress = new Cleaning();
    const line = `${"x".repeat(382)}${secret}${"y".repeat(200)}`;
    // The last 20 000 bytes of them begin inside a secret.
    const manyLines = `for i in $(seq 15); do echo ${"z".repeat(1880)}${secret}${"z".repeat(88)}; done`;
    const checks = [check("long", `echo ${line}; exit 1`), check("much", `${manyLines}; exit 1`)];
    const error = await failureOf(() => requireHealthy(host, checks, progress));
    expect(`${error.text()}${progress.fullLog()}`).not.toMatch(/hunter|unter2/);
    expect(error.details.seen).toContain("[secr…");
    expect(error.details.log?.length).toBeLessThan(12_000);
  });
});

describe("a host that does not answer", () => {
  const losing = (...ends: (HostError | undefined)[]) => ({
    run(script: string): Promise<CommandResult> {
      const error = ends.shift();
      return error === undefined ? host.run(script) : Promise.reject(error);
    },
  });
  const twice = [check("web", "true", { retries: 1 })];

  test("may answer at the next try", async () => {
    const session = losing(errorOf("connection-lost"));
    expect(await runHealthChecks(session, twice, new RecordedProgress())).toEqual([]);
  });

  test("until the last try is out of reach, not sick", async () => {
    const session = losing(errorOf("connection-lost"), errorOf("unreachable"));
    const error = await failureOf(() => runHealthChecks(session, twice, new RecordedProgress()));
    expect(error.code).toBe("unreachable");
  });

  test("with the right key is asked no more", async () => {
    const session = losing(errorOf("host-key-mismatch"));
    const error = await failureOf(() => runHealthChecks(session, twice, new RecordedProgress()));
    expect([error.code, host.scripts.length]).toEqual(["host-key-mismatch", 0]);
  });
});

test("a script that dies is a try that failed, and says so", async () => {
  const session = { run: () => Promise.resolve({ exitCode: 137, stdout: "", stderr: "Killed" }) };
  const [failure] = await runHealthChecks(session, [check("web", "true")], new RecordedProgress());
  expect(failure?.seen).toBe("no exit code of the try");
});

test("a phase allows for every try and every time between, also when one waits for the other", () => {
  const checks = [check("a", "", { retries: 12, intervalSeconds: 5, deadlineSeconds: 10 }), check("b", "")];
  expect(healthSeconds(checks)).toBeGreaterThan(13 * (10 + 5 + 20));
  expect(healthSeconds([check("b", "")])).toBeGreaterThan(20);
  expect(healthSeconds([])).toBe(0);
});
