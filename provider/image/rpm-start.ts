import { open } from "node:fs/promises";
import { HostError } from "../core/errors";
import { fetchError } from "../download/fetch-error";

const deadlineSeconds = 30;

/** The first bytes of a file, at most so many; of a URL by a ranged GET, and no more is taken than was asked for. */
export async function readStart(
  from: { url?: string | undefined; path: string },
  length: number,
  place: string,
): Promise<Uint8Array> {
  return from.url === undefined ? ofFile(from.path, length, place) : ofUrl(from.url, length, place);
}

async function ofFile(path: string, length: number, place: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw failed(place, path, (error as Error).message);
  }
}

async function ofUrl(url: string, length: number, place: string): Promise<Uint8Array> {
  const end = AbortSignal.timeout(deadlineSeconds * 1000);
  try {
    const headers = { range: `bytes=0-${length - 1}`, "accept-encoding": "identity" };
    const response = await fetch(url, { headers, signal: end });
    // A server that knows no parts sends the whole file: its front is taken, and the rest is not waited for.
    if (response.status === 200 || response.status === 206) return await front(response, length);
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
  } catch (error) {
    const seen = end.aborted ? `no answer within ${deadlineSeconds} s` : fetchError(error);
    throw failed(place, url.replace(/[?#].*/s, ""), seen);
  }
}

async function front(response: Response, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    received += chunk.length;
    if (received >= length) break;
  }
  return Buffer.concat(chunks).subarray(0, length);
}

function failed(place: string, from: string, seen: string): HostError {
  return new HostError("download-failed", {
    what: `${place}: ${from} cannot be read`,
    expected: "an RPM",
    seen,
    next: "correct the address, or look why the server does not give it; then run pulumi again",
  });
}
