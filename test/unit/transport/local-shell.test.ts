import { readFileSync, statSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { openLocalShell } from "../../../provider/transport/local-shell";
import { until } from "../support/until";
import { cleanUp, failureOf, onCleanUp, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
/** Not beyond the test, which may have been ended. */
const waitsFor = (path: string): string =>
  `while [ ! -e ${path} ] && [ -d ${dirname(path)} ]; do sleep 0.1; done`;

function localShell(): ReturnType<typeof openLocalShell> {
  const shell = openLocalShell();
  onCleanUp(() => shell.close());
  return shell;
}

describe("a script on this machine's sh", () => {
  test.each([
    [
      "exit code and both streams",
      "echo out; echo err >&2; exit 3",
      { exitCode: 3, stdout: "out\n", stderr: "err\n" },
    ],
    ["output without a newline", "printf a; printf b >&2", { exitCode: 0, stdout: "a", stderr: "b" }],
    ["an empty script", "", { exitCode: 0, stdout: "", stderr: "" }],
    ["set -e", "set -e; false; echo never", { exitCode: 1, stdout: "", stderr: "" }],
    ["stdin is empty", "cat; echo end", { exitCode: 0, stdout: "end\n", stderr: "" }],
  ])("%s", async (_name, script, result) => {
    expect(await localShell().run(script, soon)).toEqual(result);
  });

  test("lines of both streams are passed on as they come", async () => {
    const lines: string[] = [];
    const folder = tempFolder();
    const heard = (line: string): string => join(folder, line);
    // The script goes on only when its latest line has come.
    const script = `echo one; ${waitsFor(heard("one"))}; echo two >&2; ${waitsFor(heard("two"))}; printf three`;
    await localShell().run(script, {
      ...soon,
      onLine: (line) => (lines.push(line), writeFileSync(heard(line), "")),
    });
    expect(lines).toEqual(["one", "two", "three"]);
  });

  test("the script is in no process list", async () => {
    const { stdout } = await localShell().run("tr '\\0' ' ' </proc/$$/cmdline # hunter2", soon);
    expect(stdout).toBe("sh -s ");
  });

  test("a background process does not hold the answer back", async () => {
    const go = join(tempFolder(), "go");
    expect((await localShell().run(`${waitsFor(go)} & echo started`, soon)).stdout).toBe("started\n");
    writeFileSync(go, "");
  });

  test("a script of which only the beginning arrived does not run", async () => {
    const file = join(tempFolder(), "ran");
    const error = await failureOf(localShell().run(`touch ${file}\n( # the rest was lost`, soon));
    expect(error.code).toBe("command-failed");
    expect(existsSync(file)).toBe(false);
  });

  test("a shell that is killed has not ended the script", async () => {
    const error = await failureOf(localShell().run("echo before; kill -9 $$; sleep 1", soon));
    expect(error.code).toBe("command-failed");
    expect(error.details.what).toContain("sh ended (SIGKILL) before the script did");
    expect(error.details.log).toContain("before");
  });

  test("where there is no sh", async () => {
    const path = process.env["PATH"];
    onCleanUp(() => void (process.env["PATH"] = path));
    process.env["PATH"] = tempFolder();
    expect((await failureOf(localShell().run("true", soon))).details.what).toContain("could not be started");
  });
});

describe("ends", () => {
  test("the deadline ends the script and what it has started", async () => {
    const file = join(tempFolder(), "pids");
    const script = `echo so far; sleep 600 & echo $! >${file}; echo $$ >>${file}; wait`;
    const error = await failureOf(localShell().run(script, { deadlineSeconds: 5 }));
    expect(error.code).toBe("deadline-exceeded");
    expect(error.details.log).toContain("so far");
    await allGone(file);
  });

  test("closing ends what still runs", async () => {
    const file = join(tempFolder(), "pids");
    const shell = localShell();
    const running = failureOf(shell.run(`echo $$ >${file}; sleep 600`, { deadlineSeconds: 60 }));
    await until("it runs", () => existsSync(file) && readFileSync(file, "utf8") !== "");
    shell.close();
    expect((await running).details.what).toContain("before the script did");
    await allGone(file);
  });

  test("closing lets go of what outlives us: no signal, and nobody reads its output any more", async () => {
    const file = join(tempFolder(), "signals");
    const shell = localShell();
    const script = `trap 'echo TERM >>${file}' TERM; trap '' PIPE; echo ready >${file}
while env printf . 2>/dev/null; do sleep 0.1; done; echo ended >>${file}`;
    const running = failureOf(shell.run(script, { deadlineSeconds: 60, outlivesUs: true }));
    await until("it runs", () => existsSync(file) && readFileSync(file, "utf8") !== "");
    shell.close();
    expect((await running).details.what).toContain("it was let go");
    await until("it has ended by itself", () => readFileSync(file, "utf8") === "ready\nended\n");
  });

  test("output without end", async () => {
    const error = await failureOf(localShell().run("yes", soon));
    expect(error.details.what).toContain("more than 8 MiB");
  });
});

describe("a copy", () => {
  test("is whole, private, and replaces what was there", async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "from"), "content", { mode: 0o644 });
    writeFileSync(join(folder, "to"), "an older and longer one");
    await localShell().upload(join(folder, "from"), join(folder, "to"), soon);
    expect(readFileSync(join(folder, "to"), "utf8")).toBe("content");
    expect(statSync(join(folder, "to")).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, "to.part"))).toBe(false);
  });

  test("of a file that is not there", async () => {
    const folder = tempFolder();
    const error = await failureOf(localShell().upload(join(folder, "no"), join(folder, "to"), soon));
    expect(error.code).toBe("copy-failed");
    expect(error.details.what).toContain("ENOENT");
  });
});

async function allGone(file: string): Promise<void> {
  const pids = readFileSync(file, "utf8").trim().split("\n");
  // A zombie is gone, too: only its parent has not looked yet.
  const isAlive = (pid: string): boolean =>
    existsSync(`/proc/${pid}/status`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  await until("all of them are gone", () => !pids.some(isAlive));
}
