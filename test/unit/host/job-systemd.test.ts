import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runJob, type Job } from "../../../provider/host/job";
import type { HostSession } from "../../../provider/host/session";
import { localSession } from "./local-session";

jest.setTimeout(60_000);
let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "job-test-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const job = (script: string, changes: Partial<Job> = {}): Job => ({
  ...{ name: "unit", script, deadlineSeconds: 60, onLine: () => undefined },
  ...changes,
});

/** Its systemd-run is played: it notes what it was asked for, and starts what it is given. */
const withSystemd = (starts: boolean): HostSession => {
  const then = starts ? 'while [ $# -gt 2 ]; do shift; done; setsid "$@" &' : "exit 1";
  const systemdRun = `#!/bin/sh\necho "$*" >> ${root}/asked\n${then}\n`;
  writeFileSync(`${root}/systemd-run`, systemdRun, { mode: 0o755 });
  const session = localSession(root);
  const run = (script: string, options: Parameters<HostSession["run"]>[1]) =>
    session.run(`PATH=${root}:$PATH\n${script.replaceAll("[ -d /run/systemd/system ]", "true")}`, options);
  return { run } as unknown as HostSession;
};
const asked = (): string => readFileSync(`${root}/asked`, "utf8");

test("it is a service of its own", async () => {
  const { output } = await runJob(withSystemd(true), job("echo done"));
  expect(output).toBe("done");
  expect(asked()).toMatch(/^--quiet --collect --service-type=exec --unit=immutable-os-unit-\d+ /);
});

test("what must keep the login's domain is a scope, in which a process stays what it is", async () => {
  const { output } = await runJob(withSystemd(true), job("echo done", { keepsDomain: true }));
  expect(output).toBe("done");
  expect(asked()).toMatch(/^--quiet --collect --scope --unit=immutable-os-unit-\d+ sh \S+\/start\n$/);
});

test("where there can be no scope, it works in a session of its own", async () => {
  const result = await runJob(withSystemd(false), job("echo done; exit 4", { keepsDomain: true }));
  expect(result).toEqual({ exitCode: 4, output: "done" });
  expect(asked()).toContain("--scope");
});
