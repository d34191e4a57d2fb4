import { createHash } from "node:crypto";

export interface RpmContent {
  name: string;
  version?: string;
  release?: string;
  architecture?: string;
  provides?: Record<string, string>;
  epoch?: number;
  isSource?: boolean;
}

const [int32, string, strings] = [4, 6, 8];

/** The front of an RPM as rpm writes it: lead, signature's header, header; and some payload. */
export function rpm(content: RpmContent): Buffer {
  const { name, version = "6.12.9", release = "200.fc41", architecture = "x86_64", provides = {} } = content;
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb);
  const signature = section([[1000, string, ["of a length that is no multiple of eight"]]]);
  const padding = Buffer.alloc((8 - (signature.length % 8)) % 8);
  const header = section([
    // First of all: a number must lie on a multiple of four.
    ...(content.epoch === undefined ? [] : ([[1003, int32, [content.epoch]]] as const)),
    [1000, string, [name]],
    [1001, string, [version]],
    [1002, string, [release]],
    [1022, string, [architecture]],
    ...(content.isSource ? [] : ([[1044, string, ["kernel.src.rpm"]]] as const)),
    [1047, strings, Object.keys(provides)],
    [1113, strings, Object.values(provides)],
  ]);
  return Buffer.concat([lead, signature, padding, header, Buffer.from("payload")]);
}

/** A kernel's trio as Fedora's kernel.spec gives it. */
export function kernelCore(release = "6.12.9-200.fc41.x86_64"): Buffer {
  return rpm({ name: "kernel-core", provides: { "kernel-core-uname-r": release } });
}

export function sha256(file: Buffer): string {
  return createHash("sha256").update(file).digest("hex");
}

type Entry = readonly [tag: number, type: number, values: readonly (string | number)[]];

function section(entries: readonly Entry[]): Buffer {
  const filled = entries.filter(([, , values]) => values.length > 0);
  const stores = filled.map(([, , values]) => Buffer.concat(values.map(bytesOf)));
  const intro = Buffer.alloc(16);
  intro.writeUInt32BE(0x8eade801);
  intro.writeUInt32BE(filled.length, 8);
  intro.writeUInt32BE(Buffer.concat(stores).length, 12);
  let offset = 0;
  const index = filled.map(([tag, type, values], position) => {
    const entry = Buffer.alloc(16);
    [tag, type, offset, values.length].forEach((value, field) => entry.writeUInt32BE(value, field * 4));
    offset += stores[position]?.length ?? 0;
    return entry;
  });
  return Buffer.concat([intro, ...index, ...stores]);
}

function bytesOf(value: string | number): Buffer {
  if (typeof value === "string") return Buffer.from(`${value}\0`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
