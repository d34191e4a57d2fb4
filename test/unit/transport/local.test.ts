import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runLocal } from "../../../provider/transport/local";
import { until } from "../support/until";
import { cleanUp, failureOf, onCleanUp, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
const sh = (script: string, options: Parameters<typeof runLocal>[2] = soon) =>
  runLocal("sh", ["-c", script], options);

test("exit code, both streams, lines and environment", async () => {
  const lines: string[] = [];
  const result = await sh('echo "out $WORD"; echo é >&2; printf last; exit 3', {
    ...soon,
    env: { WORD: "given" },
    onLine: (line) => lines.push(line),
  });
  expect(result).toEqual({ exitCode: 3, stdout: "out given\nlast", stderr: "é\n" });
  expect(lines.sort()).toEqual(["last", "out given", "é"]);
});

test("arguments are not seen by a shell", async () => {
  expect((await runLocal("printf", ["%s", "$HOME `x` 'y'"], soon)).stdout).toBe("$HOME `x` 'y'");
});

test("stdin is empty", async () => {
  expect(await runLocal("cat", [], soon)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("a program that is missing is named", async () => {
  const result = await runLocal("no-such-program", [], soon);
  expect(result.exitCode).toBe(127);
  expect(result.stderr).toContain("no-such-program: not found");
});

test("a file that is no program is named", async () => {
  const path = join(tempFolder(), "text");
  writeFileSync(path, "hello", { mode: 0o644 });
  const result = await runLocal(path, [], soon);
  expect(result.exitCode).toBe(126);
  expect(result.stderr).toContain(path);
});

test("a program that is killed by a signal", async () => {
  expect((await sh("kill -9 $$")).exitCode).toBe(137);
});

test("the deadline ends the program and what it has started", async () => {
  const file = join(tempFolder(), "pids");
  const script = `echo so far; sleep 600 & echo $! >${file}; echo $$ >>${file}; wait`;
  const error = await failureOf(sh(script, { deadlineSeconds: 5 }));
  expect(error.code).toBe("deadline-exceeded");
  expect(error.details.what).toContain("sh did not end within 5 s");
  expect(error.details.log).toContain("so far");
  await allGone(file);
});

test("what ignores the polite way is killed", async () => {
  const file = join(tempFolder(), "pids");
  const script = `trap '' TERM; echo $$ >${file}; while :; do sleep 1; done`;
  expect((await failureOf(sh(script, { deadlineSeconds: 5 }))).code).toBe("deadline-exceeded");
  await allGone(file);
});

test("output without end is cut off", async () => {
  const error = await failureOf(runLocal("yes", [], soon));
  expect(error.code).toBe("command-failed");
  expect(error.details.what).toContain("16 MiB");
});

test("a daemon that keeps the output open does not outlive the deadline's answer", async () => {
  const file = join(tempFolder(), "pids");
  onCleanUp(() => pidsIn(file).forEach((pid) => process.kill(pid)));
  const error = await failureOf(
    sh(`setsid sh -c 'echo $$ >${file}; exec sleep 600' & sleep 600`, { deadlineSeconds: 5 }),
  );
  expect(error.code).toBe("deadline-exceeded");
  expect(pidsIn(file).map(isAlive)).toEqual([true]);
});

const pidsIn = (file: string): number[] => readFileSync(file, "utf8").trim().split("\n").map(Number);

/** They would not have ended by themselves within the time of a test. */
async function allGone(file: string): Promise<void> {
  await until("all of them are gone", () => !pidsIn(file).some(isAlive));
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is gone, too: only its parent has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
