import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

const perUser = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
export const cacheRoot = process.env.IMMUTABLE_OS_CACHE || join(perUser, "pulumi-immutable-os");

/** No artefact of the lab takes longer than this to build, so nobody waits longer for one. */
const LOCK_DEADLINE_SECONDS = 30 * 60;

/**
 * The folder of an artefact, built at most once for a key. It is built under another name and then renamed,
 * so a folder that exists is always complete.
 */
export async function cached(
  name: string,
  key: string,
  build: (tmpDir: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheRoot, "lab", `${name}-${hash(key)}`);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder;
    await removeUnfinished(folder);
    const unfinished = `${folder}.unfinished-${process.pid}`;
    await mkdir(unfinished);
    await build(unfinished);
    await rename(unfinished, folder);
    return folder;
  });
}

/** A hash of the contents of recipe files; a folder stands for all files in it. */
export function recipeKey(...files: string[]): string {
  return hash(files.flatMap(contents).join("\0"));
}

/** A private folder for one run; who asks for it removes it. What ended processes left behind is removed. */
export function runFolder(name: string): string {
  const all = join(cacheRoot, "run");
  mkdirSync(all, { recursive: true });
  for (const entry of readdirSync(all)) {
    const owner = Number(/-(\d+)-\d+$/.exec(entry)?.[1]);
    if (!isAlive(owner)) removeWithMounts(join(all, entry));
  }
  for (let number = 0; ; number++) {
    const folder = join(all, `${name}-${process.pid}-${number}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }
}

/** Container tools that are ended in the middle leave mounts behind, and nothing below one can be removed. */
export function removeWithMounts(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const below = mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of below.reverse()) spawnSync("umount", ["--lazy", path]);
  rmSync(folder, { recursive: true, force: true });
}

/** Of the whole file; OpenSSL's is four times as fast as sha256sum. */
export async function sha256OfFile(path: string): Promise<string> {
  const sum = createHash("sha256");
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  for await (const chunk of file) sum.update(chunk as Buffer);
  return sum.digest("hex");
}

export function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function contents(path: string): string[] {
  if (!statSync(path).isDirectory()) return [readFileSync(path, "utf8")];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => [entry, ...contents(join(path, entry))]);
}

async function removeUnfinished(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.unfinished-`;
  for (const entry of await readdir(dirname(folder))) {
    if (entry.startsWith(prefix)) removeWithMounts(join(dirname(folder), entry));
  }
}

/** The kernel frees the lock when its holder ends in whatever way: flock ends with our end of the pipe. */
async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const wait = String(LOCK_DEADLINE_SECONDS);
  const holder = spawn("flock", ["--wait", wait, path, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.on("error", reject);
      holder.stdout.once("data", () => resolve());
      holder.once("exit", () => reject(new Error(`no lock on ${path} within ${wait} s`)));
    });
    return await work();
  } finally {
    holder.stdin.destroy();
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
