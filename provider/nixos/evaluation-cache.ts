import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../core/cache-folder";

export async function readCached<T>(fingerprint: string, name: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(fingerprint, name), "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed, so that a reader never sees half of it. A cache that cannot be written is no error. */
export async function writeCached(fingerprint: string, name: string, value: unknown): Promise<void> {
  const file = fileOf(fingerprint, name);
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, file);
  } catch {
    return;
  }
}

function fileOf(fingerprint: string, name: string): string {
  return join(
    cacheFolder(),
    "evaluations",
    `${createHash("sha256").update(`${fingerprint} ${name}`).digest("hex")}.json`,
  );
}
