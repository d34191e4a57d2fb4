import { HostError } from "../core/errors";
import type { RpmHeader } from "./types";

/**
 * What stands at the front of every RPM, by rpm's own description of the format (rpm.org, "RPM V4 Package format"):
 * a lead of 96 bytes, the signature's header, padded to 8 bytes, and the header that says what the package is.
 */
const leadBytes = 96;
const leadMagic = 0xedabeedb;
const headerMagic = 0x8eade801;
const introBytes = 16;
const entryBytes = 16;

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  architecture: 1022,
  /** The source RPM that a binary one was made from: a source RPM has none. */
  sourceRpm: 1044,
  provideName: 1047,
  provideVersion: 1113,
};

/** RPM itself takes no larger one. */
const mostHeaderBytes = 256 * 1024 * 1024;

/** The header, or how many bytes of the file it takes to read it. Throws when this is no binary RPM. */
export function parseRpmHeader(file: Uint8Array): RpmHeader | { needs: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < leadBytes + introBytes) return { needs: leadBytes + introBytes };
  if (view.getUint32(0) !== leadMagic) throw noRpm(`a file that begins with ${beginning(file)}`);
  const signature = sectionAt(view, leadBytes);
  const start = Math.ceil(signature.end / 8) * 8;
  if (file.length < start + introBytes) return { needs: start + introBytes };
  const main = sectionAt(view, start);
  if (file.length < main.end) return { needs: main.end };
  return headerFrom(new Section(view, main));
}

interface Place {
  entries: number;
  index: number;
  store: number;
  end: number;
}

function sectionAt(view: DataView, offset: number): Place {
  if (view.getUint32(offset) !== headerMagic) throw noRpm("a file whose header is damaged");
  const entries = view.getUint32(offset + 8);
  const storeBytes = view.getUint32(offset + 12);
  const index = offset + introBytes;
  const store = index + entries * entryBytes;
  if (entries * entryBytes + storeBytes > mostHeaderBytes) throw noRpm("a file whose header is damaged");
  return { entries, index, store, end: store + storeBytes };
}

/** The tags of one header, looked up by number. */
class Section {
  private readonly entries = new Map<number, { offset: number; count: number }>();

  constructor(
    private readonly view: DataView,
    private readonly place: Place,
  ) {
    for (let entry = 0; entry < place.entries; entry++) {
      const at = place.index + entry * entryBytes;
      const [offset, count] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      this.entries.set(view.getUint32(at), { offset: place.store + offset, count });
    }
  }

  strings(tag: number): string[] {
    const entry = this.entries.get(tag);
    if (entry === undefined) return [];
    const found: string[] = [];
    for (let at = entry.offset; found.length < entry.count;) {
      const end = this.endOfString(at);
      found.push(this.text(at, end));
      at = end + 1;
    }
    return found;
  }

  number(tag: number): number | undefined {
    const entry = this.entries.get(tag);
    if (entry === undefined || entry.offset + 4 > this.place.end) return undefined;
    return this.view.getUint32(entry.offset);
  }

  private endOfString(from: number): number {
    for (let at = from; at < this.place.end; at++) if (this.view.getUint8(at) === 0) return at;
    throw noRpm("a file whose header is damaged");
  }

  private text(from: number, to: number): string {
    return Buffer.from(this.view.buffer, this.view.byteOffset + from, to - from).toString("utf8");
  }
}

function headerFrom(section: Section): RpmHeader {
  const one = (tag: number): string => {
    const [value] = section.strings(tag);
    if (value === undefined) throw noRpm("a file whose header is damaged");
    return value;
  };
  const name = one(tags.name);
  if (section.strings(tags.sourceRpm).length === 0) throw noRpm(`the source RPM of ${name}`);
  const epoch = section.number(tags.epoch);
  const versions = section.strings(tags.provideVersion);
  return {
    name,
    ...(epoch === undefined ? {} : { epoch }),
    version: one(tags.version),
    release: one(tags.release),
    architecture: one(tags.architecture),
    provides: section
      .strings(tags.provideName)
      .map((provided, index) => ({ name: provided, version: versions[index] ?? "" })),
  };
}

function beginning(file: Uint8Array): string {
  const text = Buffer.from(file.subarray(0, 40)).toString("latin1");
  return JSON.stringify(text.replaceAll(/[^\x20-\x7e]/g, "."));
}

function noRpm(seen: string): HostError {
  return new HostError("bad-input", { what: "is no RPM", expected: "a binary RPM", seen });
}
