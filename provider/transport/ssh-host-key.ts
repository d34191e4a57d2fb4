import { createHash } from "node:crypto";
import { HostError } from "../core/errors";
import type { Access, HostKey } from "../core/shell";
import { placeOf } from "./ssh-address";

/** Key types by preference, each with the signature algorithms that we accept for it (no SHA-1). */
const algorithmsOf: Record<string, readonly string[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};
const allTypes = Object.keys(algorithmsOf);
const publicKeyPattern = /(?:^|\s)(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+)\s+(AAAA[0-9A-Za-z+/]+)/;

export const howToGiveKeys =
  "give `ssh-ed25519 AAAA…` of the line that `ssh-keyscan HOST` prints, without the host in front, or the `SHA256:…` that `ssh-keygen -lf FILE` prints";

export function describeKey(blob: Buffer): HostKey {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
  const digest = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { publicKey: `${type} ${blob.toString("base64")}`, fingerprint: `SHA256:${digest}` };
}

/** The keys a host may answer with. Decides which key types are asked for, as a host may own several keys. */
export class AcceptedHostKeys {
  private readonly fingerprints = new Set<string>();
  private readonly types = new Set<string>();
  private readonly byFingerprintOnly: boolean = false;

  constructor(
    private readonly entries: readonly string[] | undefined,
    /** The property that the keys come from. */
    private readonly label: string,
  ) {
    if (entries?.length === 0) throw this.bad("the list is empty, so no key could ever be accepted");
    for (const entry of entries ?? []) {
      const publicKey = publicKeyPattern.exec(entry);
      const fingerprint = /^\s*(SHA256:[0-9A-Za-z+/]{43})=?\s*$/.exec(entry)?.[1];
      if (publicKey?.[2] !== undefined) {
        const key = describeKey(Buffer.from(publicKey[2], "base64"));
        this.fingerprints.add(key.fingerprint);
        this.types.add(typeOf(key));
      } else if (fingerprint !== undefined) {
        this.fingerprints.add(fingerprint);
        this.byFingerprintOnly = true;
      } else {
        throw this.bad(`"${entry.slice(0, 60)}" is neither an OpenSSH public key nor a SHA256: fingerprint`);
      }
    }
  }

  accepts(key: HostKey): boolean {
    return this.entries === undefined || this.fingerprints.has(key.fingerprint);
  }

  /** The key types to ask for in the first handshake: the known ones, all when a type is not known. */
  firstOffer(): readonly string[] {
    if (this.entries === undefined) return allTypes;
    const known = allTypes.filter((type) => this.types.has(type));
    return this.byFingerprintOnly ? [...new Set([...known, ...allTypes])] : known;
  }

  /** The key types to ask for after a handshake in vain; nothing when the host is proved to be another one. */
  nextOffer(lastOffer: readonly string[], seen: readonly HostKey[]): readonly string[] | undefined {
    // The host has no key of these types: ask for any, to be able to say what it has.
    if (seen.length === 0) return lastOffer.length < allTypes.length ? allTypes : undefined;
    if (!this.byFingerprintOnly) return undefined;
    // A fingerprint does not tell its type: the host may own that key beside the one it preferred.
    const rest = lastOffer.filter((type) => !seen.some((key) => typeOf(key) === type));
    return rest.length > 0 && rest.length < lastOffer.length ? rest : undefined;
  }

  mismatch(access: Access, seen: readonly HostKey[]): HostError {
    return new HostError("host-key-mismatch", {
      what: `${placeOf(access)} did not prove the host key that it is known by`,
      expected: (this.entries ?? []).map((entry) => this.describeEntry(entry)).join(", "),
      seen:
        seen.map((key) => `${key.fingerprint} (${key.publicKey})`).join(", ") ||
        "no host key of a type that is accepted here",
      next: `if the machine was really replaced, put the new key in ${this.label}.hostKey; if not, somebody may be answering in its place`,
    });
  }

  private bad(why: string): HostError {
    return new HostError("bad-input", {
      what: `${this.label}.hostKey: ${why}`,
      next: howToGiveKeys,
    });
  }

  private describeEntry(entry: string): string {
    const blob = publicKeyPattern.exec(entry)?.[2];
    if (blob === undefined) return entry.trim();
    const key = describeKey(Buffer.from(blob, "base64"));
    return `${key.fingerprint} (${typeOf(key)})`;
  }
}

export function signatureAlgorithms(types: readonly string[]): string[] {
  return types.flatMap((type) => algorithmsOf[type] ?? []);
}

function typeOf(key: HostKey): string {
  return key.publicKey.split(" ", 1)[0] ?? "";
}
