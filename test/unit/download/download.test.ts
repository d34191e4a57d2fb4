import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { download } from "../../../provider/download/download";
import { RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";
import { FileServer } from "../support/file-server";

/** A connection that breaks is taken up again three times, a second later. */
jest.setTimeout(120_000);

const content = randomBytes(300_000);
const sha256 = hash(content);
const halfway = 100_000;

let cache: string;
let server: FileServer;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "kexec-download-test-"));
  process.env["IMMUTABLE_OS_CACHE"] = cache;
  server = await new FileServer(content).listen();
});
afterEach(async () => {
  delete process.env["IMMUTABLE_OS_CACHE"];
  rmSync(cache, { recursive: true });
  await server.stop();
});

function hash(file: Buffer): string {
  return createHash("sha256").update(file).digest("hex");
}

function get(changes: { sha256?: string; url?: string; stall?: number; deadline?: number } = {}) {
  const progress = new RecordedProgress();
  const { url = server.url, stall, deadline: deadlineSeconds = 100 } = changes;
  const wanted = {
    url,
    sha256: changes.sha256 ?? sha256,
    name: "the bundle",
    property: "install.kexec.url",
    noun: "the kexec bundle",
    folder: "kexec",
    ending: ".tar.gz",
  };
  return { progress, file: download(wanted, { progress, deadlineSeconds }, stall) };
}

function leave(name: string, bytes: Buffer): void {
  mkdirSync(join(cache, "kexec"), { recursive: true });
  writeFileSync(join(cache, "kexec", name), bytes);
}

/** So much of it is in the client's file, whatever its name is. */
const arrived = (bytes: number): boolean =>
  left().some((name) => statSync(join(cache, "kexec", name)).size === bytes);
const left = (): string[] => readdirSync(join(cache, "kexec"));

test("downloaded once, kept under its hash, with progress in bytes of the total", async () => {
  const { file, progress } = get();
  const path = await file;
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(progress.events.at(-1)).toBe("detail downloading the kexec bundle: 293.0 KiB of 293.0 KiB");
  expect(await get().file).toBe(path);
  expect(server.asked).toEqual([""]);
  expect(left()).toEqual([`${sha256}.tar.gz`]);
});

test("what was damaged in the cache is downloaded again", async () => {
  leave(`${sha256}.tar.gz`, Buffer.from("damaged"));
  expect(readFileSync(await get().file).equals(content)).toBe(true);
});

test("goes on where an earlier attempt ended", async () => {
  leave(`${sha256}.partial`, content.subarray(0, halfway));
  const { file, progress } = get();
  expect(readFileSync(await file).equals(content)).toBe(true);
  expect(server.asked).toEqual([`bytes=${halfway}-`]);
  expect(progress.events.at(-1)).toContain("293.0 KiB of 293.0 KiB");
});

test("goes on after a process that was killed, and leaves alone what another one is writing", async () => {
  // No process has this number: it is above what Linux gives.
  leave(`${sha256}.${2 ** 22 + 1}.partial`, content.subarray(0, halfway));
  await get().file;
  expect(server.asked).toEqual([`bytes=${halfway}-`]);
  rmSync(join(cache, "kexec"), { recursive: true });
  const other = `${sha256}.${process.ppid}.partial`;
  leave(other, content.subarray(0, halfway));
  await get().file;
  expect(server.asked.at(-1)).toBe("");
  expect(left()).toContain(other);
});

test("a partial file that is whole needs no server", async () => {
  leave(`${sha256}.partial`, content);
  await get().file;
  expect(server.asked).toEqual([]);
});

test.each(["ignoresRange", "refusesRange"] as const)("a server that %s: from the start", async (fault) => {
  server.faults = { [fault]: true };
  leave(`${sha256}.partial`, content.subarray(0, halfway));
  expect(readFileSync(await get().file).equals(content)).toBe(true);
});

test("the beginning of another file is thrown away", async () => {
  leave(`${sha256}.partial`, randomBytes(halfway));
  expect(readFileSync(await get().file).equals(content)).toBe(true);
  expect(server.asked).toEqual([`bytes=${halfway}-`, ""]);
});

test("a connection that breaks is taken up again", async () => {
  server.faults = { breaks: { afterBytes: halfway, times: 2, arrived } };
  expect(readFileSync(await get().file).equals(content)).toBe(true);
  expect(server.asked).toEqual(["", `bytes=${halfway}-`, `bytes=${2 * halfway}-`]);
});

test("a connection that always breaks: an error, and what has arrived is kept", async () => {
  server.faults = { breaks: { afterBytes: 1000, times: 100, arrived } };
  const error = await failureOf(() => get().file);
  expect(error.code).toBe("download-failed");
  expect(error.text()).toMatch(/next: .*goes on after the 3\.9 KiB/);
  expect(left()).toEqual([`${sha256}.partial`]);
  server.faults = {};
  expect(readFileSync(await get().file).equals(content)).toBe(true);
  expect(server.asked.at(-1)).toBe("bytes=4000-");
});

test("a server that falls silent: an error in bounded time, and what has arrived is kept", async () => {
  server.faults = { stallsAfterBytes: halfway };
  const error = await failureOf(() => get({ stall: 3 }).file);
  expect(error).toMatchObject({ code: "download-failed", details: { seen: "no byte for 3 s" } });
  expect(readFileSync(join(cache, "kexec", `${sha256}.partial`)).length).toBe(halfway);
});

test("a server that is too slow for the deadline", async () => {
  server.faults = { stallsAfterBytes: halfway };
  const error = await failureOf(() => get({ deadline: 0.5 }).file);
  expect(error).toMatchObject({ code: "download-failed", details: { seen: "not whole after 0.5 s" } });
});

test("another file than the pinned one: both hashes, and nothing is kept", async () => {
  const pinned = "0".repeat(64);
  const error = await failureOf(() => get({ sha256: pinned }).file);
  expect(error.code).toBe("download-failed");
  expect(error.text()).toMatch(new RegExp(`expected: .*${pinned}[\\s\\S]*seen: .*${sha256}`));
  expect(left()).toEqual([]);
});

test("no such file", async () => {
  server.faults = { status: 404 };
  const error = await failureOf(() => get().file);
  expect(error).toMatchObject({ code: "download-failed", details: { seen: "HTTP 404 Not Found" } });
});

test("nobody there", async () => {
  const { url } = server;
  await server.stop();
  const error = await failureOf(() => get({ url }).file);
  expect(error.code).toBe("download-failed");
  expect(error.details.seen).toMatch(/fetch failed: .*ECONNREFUSED/);
});

test("two that want the same file download it once, and both show it", async () => {
  const [one, other] = [get(), get()];
  expect(await one.file).toBe(await other.file);
  expect(server.asked).toEqual([""]);
  expect(other.progress.events.at(-1)).toContain("293.0 KiB of 293.0 KiB");
});

test("the same file from another server is tried when the first one has none", async () => {
  const broken = await new FileServer(content).listen();
  broken.faults = { status: 500 };
  const [one, other] = [get({ url: broken.url }), get()];
  expect((await failureOf(() => one.file)).code).toBe("download-failed");
  expect(readFileSync(await other.file).equals(content)).toBe(true);
  await broken.stop();
});
