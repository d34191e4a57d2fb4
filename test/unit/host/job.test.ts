import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostError } from "../../../provider/core/errors";
import { refuseRunningJob, runJob, type Job } from "../../../provider/host/job";
import type { HostSession } from "../../../provider/host/session";
import { failureOf } from "../support/fake-shell";
import { until } from "../support/until";
import { localSession } from "./local-session";

jest.setTimeout(150_000);
let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "job-test-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** For a job that ends when the test says so, or has ended itself. */
const waitsFor = (file: string): string =>
  `while [ ! -e ${root}/${file} ] && [ -d ${root} ]; do sleep 0.1; done`;

const job = (script: string, changes: Partial<Job> = {}): Job => ({
  name: "unit",
  script,
  deadlineSeconds: 60,
  onLine: () => undefined,
  ...changes,
});

test.each([
  ["output of both kinds, in order", "echo one; echo two >&2; echo three", 0, "one\ntwo\nthree"],
  ["an exit code", "echo before; exit 7", 7, "before"],
  ["exit code of set -e", "set -e\nfalse\necho never", 1, ""],
  ["no output at all", ":", 0, ""],
  ["nasty quotes", `printf '%s\\n' "it's" '$HOME' '"' '\`'`, 0, "it's\n$HOME\n\"\n`"],
  ["blank lines", "echo one; echo; echo two", 0, "one\n\ntwo"],
  ["no standard input to wait for", "cat; echo end", 0, "end"],
])("%s", async (_, script, exitCode, output) => {
  await expect(runJob(localSession(root), job(script))).resolves.toEqual({ exitCode, output });
});

test("lines are passed on while it runs, each once", async () => {
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
    // The job goes on only when its first line has come.
    if (line === "one") writeFileSync(`${root}/go`, "");
  };
  const result = await runJob(localSession(root), job(`echo one; ${waitsFor("go")}; echo two`, { onLine }));
  expect(lines).toEqual(["one", "two"]);
  expect(result.output).toBe("one\ntwo");
});

test("a job that says more than anybody can hold: every line is passed on, the end is kept", async () => {
  let count = 0;
  const looks: number[] = [];
  const session = localSession(root);
  const run = async (...asked: Parameters<HostSession["run"]>) => {
    const look = await session.run(...asked);
    looks.push(look.stdout.length);
    return look;
  };
  const script = 'awk \'BEGIN { for (i = 1; i <= 12000; i++) printf "%01200d\\n", i; print "end" }\'; exit 4';
  const talkative = job(script, { deadlineSeconds: 120, onLine: () => count++ });
  const { exitCode, output } = await runJob({ run } as unknown as HostSession, talkative);
  const lines = output.split("\n");
  expect([exitCode, count, lines.length, lines.at(-1), lines[0]]).toEqual([
    ...[4, 12001, 5000, "end", "0".repeat(1000)],
  ]);
  expect(Math.max(...looks)).toBeLessThanOrEqual(5000 * 1001);
});

test("it goes on without anybody who follows", async () => {
  let runs = 0;
  const lost = localSession(root, () => {
    // The look for an older one, and the start.
    if (++runs > 2) throw new Error("the connection is gone, for good");
  });
  const patient = job(`${waitsFor("go")}; echo done > ${root}/proof`);
  await expect(runJob(lost, patient)).rejects.toThrow("gone, for good");
  expect(existsSync(`${root}/proof`)).toBe(false);
  writeFileSync(`${root}/go`, "");
  // The last thing that it writes: the folder can be removed then.
  await until("the job has ended", () => existsSync(`${root}/jobs/unit/rc`));
  expect(readFileSync(`${root}/proof`, "utf8")).toBe("done\n");
});

test("a new start under the same name forgets the older one", async () => {
  await runJob(localSession(root), job("echo one; exit 3"));
  await expect(runJob(localSession(root), job("echo two"))).resolves.toEqual({ exitCode: 0, output: "two" });
});

test("a job that still runs is not started a second time, and goes on undisturbed", async () => {
  const session = localSession(root);
  const first = runJob(session, job(`${waitsFor("go")}; echo first`));
  const pid = `${root}/jobs/unit/pid`;
  await until("the job runs", () => existsSync(pid) && readFileSync(pid, "utf8") !== "");
  const error = await failureOf(() => runJob(session, job("echo second")));
  expect(error.code).toBe("job-still-running");
  expect(error.text()).toContain("/run/pulumi-immutable-os/jobs/unit/log");
  await expect(refuseRunningJob(session, "another")).resolves.toBeUndefined();
  writeFileSync(`${root}/go`, "");
  await expect(first).resolves.toEqual({ exitCode: 0, output: "first" });
  await expect(refuseRunningJob(session, "unit")).resolves.toBeUndefined();
});

/** Without the look beforehand, as when two clients look at the same instant and both find nothing. */
const startAtOnce = (script: string) =>
  runJob(
    {
      run: (text: string, options: object) =>
        text.startsWith("[ ! -e") ? { exitCode: 1 } : localSession(root).run(text, options as never),
    } as unknown as HostSession,
    job(script),
  ).then(
    ({ exitCode }) => String(exitCode),
    (error: HostError) => error.code,
  );

test.each<[string, () => void]>([
  ["no older one", () => undefined],
  ["a finished one", () => leftOver({ pid: "1", rc: "0" })],
  ["one whose process is gone", () => leftOver({ pid: "999999999" })],
  ["one that never started, a while ago", () => utimesSync(leftOver({}), 1, 1)],
])("of eight starts at the same instant, after %s, exactly one runs", async (_, before) => {
  before();
  let ended = 0;
  const starts = Array.from({ length: 8 }, async () => {
    const end = await startAtOnce(`echo ran >> ${root}/runs; ${waitsFor("go")}`);
    ended++;
    return end;
  });
  const runs = () => (existsSync(`${root}/runs`) ? readFileSync(`${root}/runs`, "utf8") : "");
  // It ends after everybody else has been refused: a start after its end would be a new one.
  await until("all starts but those that run have ended", () => ended + runs().split("\n").length - 1 >= 8);
  writeFileSync(`${root}/go`, "");
  const ends = await Promise.all(starts);
  expect(ends.sort()).toEqual(["0", ...Array<string>(7).fill("job-still-running")]);
  expect(readFileSync(`${root}/runs`, "utf8")).toBe("ran\n");
});

test("one that is being started is left alone", async () => {
  leftOver({});
  expect(await startAtOnce("echo second")).toBe("job-still-running");
});

/** A folder as an earlier start left it. */
function leftOver(files: Record<string, string>): string {
  mkdirSync(`${root}/jobs/unit`, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(`${root}/jobs/unit/${name}`, text);
  return `${root}/jobs/unit`;
}

test.each([
  ["of a process that is gone", "999999999"],
  ["of another process", String(process.pid)],
  ["that was never written", ""],
])("a pid file %s refuses nothing", async (_, pid) => {
  mkdirSync(`${root}/jobs/unit`, { recursive: true });
  writeFileSync(`${root}/jobs/unit/pid`, pid);
  await expect(refuseRunningJob(localSession(root), "unit")).resolves.toBeUndefined();
});

test("a job whose folder vanishes is told at once", async () => {
  let runs = 0;
  const session = localSession(root, () => {
    // In one step: what runs may still write into it.
    if (++runs === 3) renameSync(`${root}/jobs`, `${root}/gone`);
  });
  const error = await failureOf(() => runJob(session, job(waitsFor("go"))));
  writeFileSync(`${root}/go`, "");
  expect(error.code).toBe("command-failed");
  expect(error.text()).toMatch(/the job unit is gone from the host[\s\S]*rebooted, most likely/);
});

test("a job that is killed, with all that watches it, is told at once and with all that it said", async () => {
  const session = localSession(root);
  // Its last words come, and it is killed, after a look has read and before it looks for the process.
  const between = `: >${root}/read; ${waitsFor("killed")}; pid=$(cat`;
  const run = (script: string, options: Parameters<HostSession["run"]>[1]) =>
    session.run(script.includes("exit 77") ? script.replace("pid=$(cat", between) : script, options);
  const killed = `${waitsFor("read")}; echo before; kill -9 "$(cat ${root}/jobs/unit/pid)"; : >${root}/killed`;
  // Not only at the deadline: that would be another error.
  const error = await failureOf(() => runJob({ run } as unknown as HostSession, job(killed)));
  expect(error.code).toBe("command-failed");
  expect(error.details).toMatchObject({ seen: "neither its process nor an exit code", log: "before" });
});

test("a job that cannot be started is an error of its own", async () => {
  const session = {
    run: () => Promise.resolve({ exitCode: 1, stdout: "", stderr: "Read-only file system" }),
  };
  const error = await failureOf(() => runJob(session as unknown as HostSession, job(":")));
  expect(error.text()).toMatch(/the job unit could not be started[\s\S]*Read-only file system/);
});

test("the deadline ends the wait, with what the job said and where its output is", async () => {
  const answers = [
    { exitCode: 1, stdout: "", stderr: "" },
    { exitCode: 0, stdout: "", stderr: "" },
    { exitCode: 75, stdout: "still\n", stderr: "" },
  ];
  const session = { run: () => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]) };
  const error = await failureOf(() =>
    runJob(session as unknown as HostSession, job(":", { deadlineSeconds: 1 })),
  );
  expect(error.code).toBe("deadline-exceeded");
  expect(error.text()).toMatch(
    /next: {5}its output is on the host: \/run\/pulumi-immutable-os\/jobs\/unit\/log\n {2}log:\n {4}still/,
  );
});

test("the folder is for root alone, and the job itself keeps the umask of the host", async () => {
  const umask = process.umask(0o022);
  try {
    await runJob(localSession(root), job("umask"));
  } finally {
    process.umask(umask);
  }
  expect(readFileSync(`${root}/jobs/unit/log`, "utf8").trim()).toMatch(/^0*22$/);
  expect(statSync(`${root}/jobs/unit`).mode & 0o777).toBe(0o700);
});
