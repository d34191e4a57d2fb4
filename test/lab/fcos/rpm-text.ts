import { createHash, type BinaryLike } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

const LEAD_BYTES = 96;
const INTRODUCTION_BYTES = 16;
const ENTRY_BYTES = 16;

/** Tags of the signature header that hash the main header, or it and the payload. */
const SHA1_OF_HEADER = 269;
const SHA256_OF_HEADER = 273;
const MD5_OF_ALL = 1004;

/**
 * Replaces a text in an RPM's header by another one of the same length, and mends the hashes over it. For texts that
 * rpmbuild refuses to write: the release of a Debian kernel has two hyphens, and a Provide's version may have one.
 */
export async function replaceInHeader(path: string, from: string, to: string): Promise<void> {
  if (from.length !== to.length) throw new Error(`${from} and ${to} differ in length`);
  const bytes = await readFile(path);
  const signature = headerAt(bytes, LEAD_BYTES);
  const main = headerAt(bytes, Math.ceil(signature.end / 8) * 8);
  for (let at = bytes.indexOf(from, main.start); at >= 0 && at < main.end; at = bytes.indexOf(from, at))
    bytes.write(to, at, "latin1");

  const header = bytes.subarray(main.start, main.end);
  signature.write(SHA1_OF_HEADER, Buffer.from(digest("sha1", header).toString("hex")));
  signature.write(SHA256_OF_HEADER, Buffer.from(digest("sha256", header).toString("hex")));
  signature.write(MD5_OF_ALL, digest("md5", bytes.subarray(main.start)));
  await writeFile(path, bytes);
}

interface Header {
  start: number;
  end: number;
  /** Over the value of a tag, where the header has it. */
  write(tag: number, value: Buffer): void;
}

function headerAt(bytes: Buffer, start: number): Header {
  const entries = bytes.readUInt32BE(start + 8);
  const store = start + INTRODUCTION_BYTES + entries * ENTRY_BYTES;
  return {
    start,
    end: store + bytes.readUInt32BE(start + 12),
    write(tag, value) {
      for (let entry = start + INTRODUCTION_BYTES; entry < store; entry += ENTRY_BYTES)
        if (bytes.readUInt32BE(entry) === tag) value.copy(bytes, store + bytes.readUInt32BE(entry + 8));
    },
  };
}

function digest(algorithm: string, content: BinaryLike): Buffer {
  return createHash(algorithm).update(content).digest();
}
