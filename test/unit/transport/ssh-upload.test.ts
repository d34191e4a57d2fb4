import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { keepsBelow } from "../support/memory";
import { until } from "../support/until";
import { cleanUp, failureOf, hostFor, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
const data = Buffer.from(Array.from({ length: 3_000_003 }, (_, i) => (i * 7919) % 251));

function localFile(content: Buffer = data): string {
  const path = join(tempFolder(), "bundle.tar");
  writeFileSync(path, content);
  return path;
}

test.each([
  ["a large file", data],
  ["an empty file", Buffer.alloc(0)],
])("%s arrives whole, private, under its name only", async (_name, content) => {
  const remote = join(tempFolder(), "it's $HOME here");
  const shell = await shellOn(await hostFor({ localSh: {} }));
  await shell.upload(localFile(content), remote, soon);
  expect(readFileSync(remote).equals(content)).toBe(true);
  expect(statSync(remote).mode & 0o777).toBe(0o600);
  expect(existsSync(`${remote}.part`)).toBe(false);
});

test("an older part of a broken upload does not survive, nor do its rights", async () => {
  const remote = join(tempFolder(), "file");
  writeFileSync(`${remote}.part`, "old".repeat(2_000_000));
  chmodSync(`${remote}.part`, 0o666);
  await (await shellOn(await hostFor({ localSh: {} }))).upload(localFile(), remote, soon);
  expect(readFileSync(remote).equals(data)).toBe(true);
  expect(statSync(remote).mode & 0o777).toBe(0o600);
});

test("progress is told up to the end, at most five times a second", async () => {
  const calls: [number, number][] = [];
  const folder = tempFolder();
  writeFileSync(join(folder, "cat"), "#!/bin/sh\nhead -c 15000000; sleep 0.5; exec /bin/cat\n", {
    mode: 0o755,
  });
  const big = Buffer.concat(Array<Buffer>(8).fill(data));
  const start = performance.now();
  const shell = await shellOn(await hostFor({ localSh: { path: [folder] } }));
  await shell.upload(localFile(big), join(folder, "x"), {
    ...soon,
    onProgress: (sent, total) => calls.push([sent, total]),
  });
  expect(calls.at(-1)).toEqual([big.length, big.length]);
  expect(calls.length).toBeGreaterThan(1);
  expect(calls.length).toBeLessThanOrEqual(2 + (performance.now() - start) / 200);
  const sent = calls.map(([bytes]) => bytes);
  expect(sent).toEqual([...sent].sort((a, b) => a - b));
});

test("a folder that is missing: copy-failed, with the host's words", async () => {
  const shell = await shellOn(await hostFor({ localSh: {} }));
  const error = await failureOf(shell.upload(localFile(), "/nonexistent/folder/file", soon));
  expect(error.code).toBe("copy-failed");
  expect(error.details.seen).toContain("/nonexistent/folder/file.part");
});

test("a full disk: copy-failed, with the host's words, though most of the file is not sent", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "cat"), "#!/bin/sh\necho 'cat: No space left on device' >&2; exit 1\n", {
    mode: 0o755,
  });
  const remote = join(folder, "file");
  const shell = await shellOn(await hostFor({ localSh: { path: [folder] } }));
  const error = await failureOf(shell.upload(localFile(Buffer.concat([data, data, data])), remote, soon));
  expect(error.code).toBe("copy-failed");
  expect(error.details.seen).toContain("No space left on device");
  expect(existsSync(remote)).toBe(false);
});

test("fewer bytes than were sent are no file", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "cat"), "#!/bin/sh\nhead -c 1000; exec /bin/cat >/dev/null\n", { mode: 0o755 });
  const remote = join(folder, "file");
  const shell = await shellOn(await hostFor({ localSh: { path: [folder] } }));
  const error = await failureOf(shell.upload(localFile(), remote, soon));
  expect(error.code).toBe("copy-failed");
  expect(error.details.seen).toContain(`1000 of ${data.length} bytes`);
  expect(existsSync(remote)).toBe(false);
  expect(existsSync(`${remote}.part`)).toBe(false);
});

test("a connection that breaks leaves nothing under the name", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "cat"), "#!/bin/sh\nhead -c 1000; sleep 60\n", { mode: 0o755 });
  const remote = join(folder, "file");
  const host = await hostFor({ localSh: { path: [folder] } });
  const shell = await shellOn(host);
  const failing = failureOf(shell.upload(localFile(Buffer.concat([data, data])), remote, soon));
  const part = `${remote}.part`;
  await until("the first bytes are there", () => existsSync(part) && statSync(part).size === 1000);
  host.dropConnections();
  const error = await failing;
  expect(error.code).toBe("connection-lost");
  expect(existsSync(remote)).toBe(false);
});

test("a host that does not read fills no memory, and the upload ends at its deadline", async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, "cat"), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
  const shell = await shellOn(await hostFor({ localSh: { path: [folder] } }));
  const big = localFile(Buffer.alloc(0));
  truncateSync(big, 1_000_000_000);
  const uploading = (): Promise<void> => shell.upload(big, join(folder, "file"), { deadlineSeconds: 3 });
  const error = await keepsBelow(150, () => failureOf(uploading()));
  expect(error.code).toBe("deadline-exceeded");
  expect((await shell.run("echo alive", soon)).stdout).toBe("alive\n");
});

test.each([
  ["is missing", (folder: string) => join(folder, "nothing"), "ENOENT"],
  [
    "is a folder",
    (folder: string) => {
      mkdirSync(join(folder, "sub"));
      return join(folder, "sub");
    },
    "not a regular file",
  ],
])("a local file that %s: bad-input, and the host is not asked", async (_name, path, words) => {
  const host = await hostFor({ localSh: {} });
  const local = path(tempFolder());
  const error = await failureOf((await shellOn(host)).upload(local, "/tmp/never", soon));
  expect(error.code).toBe("bad-input");
  expect(error.details.what).toContain(local);
  expect(error.details.what).toContain(words);
  expect(host.counts.execs).toBe(0);
});
