import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../core/cache-folder";
import { sleep } from "../core/deadline";
import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import type { Progress } from "../core/progress";
import { fetchError } from "./fetch-error";
import { hashOf } from "./file-hash";
import { Partial } from "./partial";

export interface Wanted {
  url: string;
  sha256: string;
  /** The URL as it may be shown. */
  name: string;
  /** The property that errors name: `install.kexec.url`. */
  property: string;
  /** What it is, as progress calls it: `the kexec bundle`. */
  noun: string;
  /** Where in the cache it lies, and how its name ends there: `kexec`, `.tar.gz`. */
  folder: string;
  ending: string;
}

export interface DownloadTools {
  progress: Pick<Progress, "detail">;
  deadlineSeconds: number;
}

/** Without a byte for this long a download hangs. */
const longestStallSeconds = 60;
/** A connection that breaks is taken up again so often before the user is asked. */
const mostResumes = 3;

/** Downloads of this process that are under way, and everybody who waits for each of them. */
const underWay = new Map<
  string,
  { url: string; file: Promise<string>; waiting: Set<DownloadTools["progress"]> }
>();

/** The file from the cache, where it lies under its hash; downloaded once, also when several resources want it now. */
export async function download(
  wanted: Wanted,
  tools: DownloadTools,
  stallSeconds = longestStallSeconds,
): Promise<string> {
  const { url, sha256 } = wanted;
  const running = underWay.get(sha256);
  if (running !== undefined) {
    running.waiting.add(tools.progress);
    const elsewhere = running.url === url ? undefined : () => download(wanted, tools, stallSeconds);
    return running.file.catch((error) => elsewhere?.() ?? Promise.reject(error as Error));
  }
  const waiting = new Set([tools.progress]);
  const tell = (text: string): void => waiting.forEach((progress) => progress.detail(text));
  const file = intoCache(wanted, { tell, stallSeconds, deadlineSeconds: tools.deadlineSeconds });
  underWay.set(sha256, { url, file, waiting });
  try {
    return await file;
  } finally {
    underWay.delete(sha256);
  }
}

interface Limits {
  tell: (text: string) => void;
  stallSeconds: number;
  deadlineSeconds: number;
}

/** The file appears under its hash only when it is whole and right. */
async function intoCache(wanted: Wanted, limits: Limits): Promise<string> {
  const folder = join(cacheFolder(), wanted.folder);
  const file = join(folder, `${wanted.sha256}${wanted.ending}`);
  if ((await stat(file).catch(() => undefined)) && (await hashOf(file)) === wanted.sha256) return file;
  await mkdir(folder, { recursive: true });
  const partial = await Partial.claim(folder, wanted.sha256);
  try {
    await fetchWhole(wanted, partial, limits);
    await rename(partial.path, file);
    return file;
  } finally {
    await partial.giveBack();
  }
}

async function fetchWhole(wanted: Wanted, partial: Partial, limits: Limits): Promise<void> {
  const resumed = (await partial.size()) > 0;
  if (resumed && (await hashOf(partial.path)) === wanted.sha256) return;
  await fetchPatiently(wanted, partial, limits);
  const seen = await hashOf(partial.path);
  if (seen === wanted.sha256) return;
  await rm(partial.path, { force: true });
  // Its beginning may be of an older file under the same URL.
  if (resumed) return fetchWhole(wanted, partial, limits);
  throw downloadFailed(
    wanted,
    `a file with sha256 ${seen}`,
    "look why the file changed before you pin the new hash",
  );
}

/** A connection that breaks while bytes arrive is taken up again; silence and refusals end the attempt. */
async function fetchPatiently(wanted: Wanted, partial: Partial, limits: Limits): Promise<void> {
  const end = AbortSignal.timeout(limits.deadlineSeconds * 1000);
  for (let resumes = 0; ; resumes++) {
    const before = await partial.size();
    try {
      return await fetchRest(wanted, partial, limits, end);
    } catch (error) {
      const arrived = await partial.size();
      const final = error instanceof Stalled || end.aborted || arrived <= before || resumes === mostResumes;
      if (final)
        throw downloadFailed(
          wanted,
          end.aborted ? `not whole after ${limits.deadlineSeconds} s` : fetchError(error),
          `run pulumi up again${arrived > 0 ? `: it goes on after the ${bytes(arrived)} that have arrived` : ""}; or give ${wanted.property.replace(/url$/, "path")}`,
        );
      await sleep(1000);
    }
  }
}

class Stalled extends Error {}

/** What is missing, appended; all of it where the server gives no part. */
async function fetchRest(
  { url, noun }: Wanted,
  partial: Partial,
  { tell, stallSeconds }: Limits,
  end: AbortSignal,
): Promise<void> {
  const stall = new AbortController();
  const stalled = (): void => stall.abort(new Stalled(`no byte for ${stallSeconds} s`));
  let timer = setTimeout(stalled, stallSeconds * 1000);
  const signal = AbortSignal.any([stall.signal, end]);
  try {
    const { response, from } = await askFrom(url, await partial.size(), signal);
    let received = from;
    const length = response.headers.get("content-length");
    const total = length === null ? "" : ` of ${bytes(from + Number(length))}`;
    const file = await open(partial.path, from > 0 ? "a" : "w");
    try {
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(stalled, stallSeconds * 1000);
        await file.appendFile(chunk);
        received += chunk.length;
        tell(`downloading ${noun}: ${bytes(received)}${total}`);
      }
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A server may ignore the question for a part, or know no such part: then the file begins anew. */
async function askFrom(
  url: string,
  from: number,
  signal: AbortSignal,
): Promise<{ response: Response; from: number }> {
  const headers = { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
  const response = await fetch(url, { headers, signal });
  if (response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${from}-`))
    return { response, from };
  if (response.status === 200) return { response, from: 0 };
  await response.body?.cancel();
  if (from > 0) return askFrom(url, 0, signal);
  throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
}

function downloadFailed({ name, sha256, property }: Wanted, seen: string, next: string): HostError {
  return new HostError("download-failed", {
    what: `${property}: ${name} could not be downloaded; nothing was changed`,
    expected: `a file with sha256 ${sha256}`,
    seen,
    next,
  });
}
