import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kernelWordsOnDisks, settleDisks, waitForDisks } from "../../../provider/host/disk-nodes";
import type { HostSession } from "../../../provider/host/session";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "disk-nodes-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A session whose scripts really run, here, with these programs in front on PATH; nobody waits. */
function localSession(programs: Record<string, string> = {}) {
  const exitCodes: (number | null)[] = [];
  for (const [name, body] of Object.entries({ sleep: ":", udevadm: ":", ...programs })) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const run = (script: string) => {
    const env = { PATH: `${folder}:${process.env["PATH"]}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8", env });
    exitCodes.push(status);
    return Promise.resolve({ exitCode: status ?? -1, stdout, stderr });
  };
  return { session: { run } as unknown as HostSession, exitCodes };
}

test("a disk that never comes is waited for as long as was said, and no longer", async () => {
  const counter = join(folder, "count");
  const { session, exitCodes } = localSession({ sleep: `echo >> ${counter}` });
  await waitForDisks(session, ["/dev/there is/no'such disk"]);
  expect(exitCodes).toEqual([1]);
  expect(spawnSync("wc", ["-l", counter], { encoding: "utf8" }).stdout).toMatch(/^60 /);
});

test("no disk at all is nothing to wait for, and settling never fails", async () => {
  const { session, exitCodes } = localSession({ udevadm: "exit 1" });
  await waitForDisks(session, []);
  await settleDisks(session);
  expect(exitCodes).toEqual([0, 0]);
});

test("a connection that breaks meanwhile is no failure: the next look opens another one", async () => {
  const session = { run: () => Promise.reject(new Error("gone")) } as unknown as HostSession;
  await expect(waitForDisks(session, ["/dev/vda"])).resolves.toBeUndefined();
  await expect(settleDisks(session)).resolves.toBeUndefined();
  await expect(kernelWordsOnDisks(session)).resolves.toBe("");
});

test("of the kernel's words those on disks are shown, and the last ones of many", async () => {
  const lines = [
    "[1.0] Linux version 6.12",
    ...Array.from({ length: 20 }, (_, number) => `[2.${number}] blk_update_request: I/O error, dev vda`),
    "[3.0]  vda: rereading partition table failed",
    "[4.0] random: crng init done",
  ];
  const { session } = localSession({ dmesg: `cat <<'EOF'\n${lines.join("\n")}\nEOF` });
  const words = (await kernelWordsOnDisks(session)).split("\n");
  expect(words).toHaveLength(12);
  expect(words.at(-1)).toContain("rereading partition table failed");
  expect(words.join()).not.toMatch(/Linux version|crng/);
});
