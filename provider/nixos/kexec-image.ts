import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { cacheFolder } from "../core/cache-folder";
import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import type { Progress } from "../core/progress";

export interface KexecImageReference {
  path?: string | undefined;
  url?: string | undefined;
  flake?: string | undefined;
  sha256?: string | undefined;
  architecture?: "x86_64" | "aarch64" | undefined;
}

export interface KexecImage {
  path: string;
  sha256: string;
  sizeBytes: number;
}

/** The bundle as a local file whose hash was just computed: it is checked before every use. */
export async function kexecImage(reference: KexecImageReference, progress: Progress): Promise<KexecImage> {
  const path =
    reference.path?.replace(/^~(?=\/)/, homedir()) ??
    (await download(reference.url ?? "", reference.sha256 ?? "", progress));
  const sha256 = await hashOf(path);
  if (reference.sha256 !== undefined && reference.sha256 !== sha256) {
    throw new HostError("bad-input", {
      what: `install.kexec.sha256 does not match ${reference.path ?? reference.url}`,
      expected: reference.sha256,
      seen: sha256,
      next: "look why the bundle changed before you pin the new hash",
    });
  }
  return { path, sha256, sizeBytes: (await stat(path)).size };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new HostError("bad-input", {
      what: `install.kexec: ${path} cannot be read`,
      expected: "a kexec bundle of nixos-images, kexec/{run,kexec,bzImage,initrd} in a .tar.gz",
      seen: error instanceof Error ? error.message : String(error),
    });
  }
  return hash.digest("hex");
}

/** Downloads once; the file appears under its hash only when it is whole and right. */
async function download(url: string, sha256: string, progress: Progress): Promise<string> {
  const file = join(cacheFolder(), "kexec", `${sha256}.tar.gz`);
  if (await stat(file).catch(() => undefined)) return file;
  const partial = `${file}.${randomUUID()}`;
  await mkdir(join(cacheFolder(), "kexec"), { recursive: true });
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3600_000) });
    if (!response.ok || response.body === null)
      throw new Error(`HTTP ${response.status} ${response.statusText}`);
    let received = 0;
    const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    body.on("data", (chunk: Uint8Array) => {
      received += chunk.length;
      progress.detail(`downloading the kexec bundle: ${bytes(received)}`);
    });
    await pipeline(body, createWriteStream(partial));
    const seen = await hashOf(partial);
    if (seen !== sha256) throw new Error(`the file has sha256 ${seen}, not ${sha256}`);
    await rename(partial, file);
    return file;
  } catch (error) {
    throw new HostError("bad-input", {
      what: `install.kexec.url: ${url} could not be downloaded`,
      expected: `a bundle with sha256 ${sha256}`,
      seen: error instanceof Error ? error.message : String(error),
      next: "nothing was changed; run pulumi up again, or give install.kexec.path",
    });
  } finally {
    await rm(partial, { force: true });
  }
}
