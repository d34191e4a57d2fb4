import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { cacheFolder } from "../core/cache-folder";
import { HostError } from "../core/errors";
import { download, type DownloadTools } from "../download/download";
import { hashOf } from "../download/file-hash";
import { parseRpmHeader } from "./rpm-header";
import { readStart } from "./rpm-start";
import type { RpmHeader, RpmReference } from "./types";

/** Enough for the header of most packages; a kernel's, with all that it provides, takes a second look. */
const firstLookBytes = 128 * 1024;

/**
 * The header of an RPM whose property is `property` (`kernel.rpms[0]`). Of a URL only the front is fetched, so that a
 * preview needs no whole kernel: what it says is believed until the build has checked the file's hash.
 */
export async function rpmHeader(reference: RpmReference, property: string): Promise<RpmHeader> {
  const { url, sha256 } = reference;
  if (url === undefined) await rightHash(localPath(reference), sha256, property);
  const known = (await cached(verifiedName(reference))) ?? (await cached(believedName(reference)));
  if (known !== undefined) return known;
  const header = await readHeader(reference, property);
  await keep(url === undefined ? verifiedName(reference) : believedName(reference), header);
  return header;
}

/** The whole file, from the cache or from where it is declared; its hash was computed just now. */
export async function rpmFile(
  reference: RpmReference,
  property: string,
  tools: DownloadTools,
): Promise<{ path: string; name: string; header: RpmHeader }> {
  const { url, sha256 } = reference;
  // What was believed of the URL may have been of another file.
  await rm(believedName(reference), { force: true });
  const path =
    url === undefined ? localPath(reference) : await download(wanted(url, sha256, property), tools);
  await rightHash(path, sha256, property);
  const header = await readHeader({ path, sha256 }, property);
  await keep(verifiedName(reference), header);
  const name = `${header.name}-${header.version}-${header.release}.${header.architecture}.rpm`;
  return { path, name, header };
}

function wanted(url: string, sha256: string, property: string): Parameters<typeof download>[0] {
  const name = withoutQuery(url);
  const noun = basename(name);
  return { url, sha256, name, property: `${property}.url`, noun, folder: "rpms", ending: ".rpm" };
}

async function readHeader(reference: RpmReference, property: string): Promise<RpmHeader> {
  const from = reference.url === undefined ? localPath(reference) : withoutQuery(reference.url);
  const place = `${property}.${reference.url === undefined ? "path" : "url"}`;
  for (let wantedBytes = firstLookBytes; ;) {
    const start = await readStart({ url: reference.url, path: localPath(reference) }, wantedBytes, place);
    const header = parsed(start, place, from);
    if (!("needs" in header)) return { ...header, provides: header.provides.filter(saysRelease) };
    if (start.length < wantedBytes)
      throw noRpm(place, from, `it ends after ${start.length} bytes, inside of its header`);
    wantedBytes = header.needs;
  }
}

function parsed(start: Uint8Array, place: string, from: string): ReturnType<typeof parseRpmHeader> {
  try {
    return parseRpmHeader(start);
  } catch (error) {
    throw noRpm(place, from, error instanceof HostError ? (error.details.seen ?? "") : String(error));
  }
}

function noRpm(place: string, from: string, seen: string): HostError {
  return new HostError("bad-input", { what: `${place}: ${from} is no RPM`, expected: "a binary RPM", seen });
}

async function rightHash(path: string, sha256: string, property: string): Promise<void> {
  const seen = await hashOf(path, `${property}.path`, "an RPM that can be read here");
  if (seen === sha256) return;
  throw new HostError("bad-input", {
    what: `${property}.sha256 does not match ${path}`,
    expected: sha256,
    seen,
    next: "look why the file changed before you pin the new hash",
  });
}

function localPath({ path = "" }: RpmReference): string {
  return path.replace(/^~(?=\/)/, homedir());
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*/s, "");
}

const verifiedName = ({ sha256 }: RpmReference): string =>
  join(cacheFolder(), "rpm-headers", `${sha256}.json`);

function believedName({ sha256, url = "" }: RpmReference): string {
  const place = createHash("sha256").update(url).digest("hex").slice(0, 16);
  return join(cacheFolder(), "rpm-headers", `${sha256}-${place}.json`);
}

async function cached(file: string): Promise<RpmHeader | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as RpmHeader;
  } catch {
    return undefined;
  }
}

/** Of the thousands that a kernel provides these are asked for. */
function saysRelease({ name }: { name: string }): boolean {
  return name.endsWith("-uname-r");
}

/**
 * Written under another name first: several images and programs may ask at once. Where nothing can be kept, the header is
 * read again the next time.
 */
async function keep(file: string, header: RpmHeader): Promise<void> {
  const unfinished = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(unfinished, JSON.stringify(header));
    await rename(unfinished, file);
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
}
