import { createPublicKey } from "node:crypto";

/** What a text is that should be a private host key, in OpenSSH or PEM form. */
export interface HostKeyText {
  /** Its public half, `type base64`; undefined for everything that sshd could not use as a host key. */
  publicKey: string | undefined;
  encrypted: boolean;
}

export function readHostKeyText(text: string): HostKeyText {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/.exec(
    text,
  )?.[1];
  try {
    return body === undefined ? readPemKey(text) : readOpenSshKey(new Fields(Buffer.from(body, "base64")));
  } catch {
    return { publicKey: undefined, encrypted: false };
  }
}

const magic = "openssh-key-v1\0";

/** Of PROTOCOL.key: cipher, kdf, options, one public key, and the private part. */
function readOpenSshKey(fields: Fields): HostKeyText {
  const unusable = { publicKey: undefined, encrypted: false };
  if (fields.take(magic.length).toString() !== magic) return unusable;
  const [cipher] = [fields.text().toString(), fields.text(), fields.text()];
  if (cipher !== "none") return { publicKey: undefined, encrypted: true };
  if (fields.number() !== 1) return unusable;
  const publicKey = fields.text();
  const inner = new Fields(fields.text());
  // Two equal numbers: how OpenSSH itself sees that a key was read rightly.
  if (inner.number() !== inner.number()) return unusable;
  const outside = new Fields(publicKey);
  const [type, first, second] = [
    outside.text().toString(),
    outside.text(),
    outside.atEnd ? "" : outside.text(),
  ];
  // The private part repeats the public one; of rsa keys it does so in another order.
  const repeated = type === "ssh-rsa" ? [type, second, first] : [type, first, second];
  if (repeated.some((part) => part !== "" && !inner.text().equals(Buffer.from(part)))) return unusable;
  return { publicKey: `${type} ${publicKey.toString("base64")}`, encrypted: false };
}

/** What sshd reads beside its own format: rsa and ecdsa, as OpenSSL writes them. */
function readPemKey(text: string): HostKeyText {
  if (/ENCRYPTED/.test(text)) return { publicKey: undefined, encrypted: true };
  if (!text.includes("PRIVATE KEY")) return { publicKey: undefined, encrypted: false };
  const { kty, crv = "", e = "", n = "", x = "", y = "" } = createPublicKey(text).export({ format: "jwk" });
  const curve = crv.replace("P-", "nistp");
  const point = Buffer.concat([Buffer.from([4]), fromBase64(x), fromBase64(y)]);
  const [type, ...parts] =
    kty === "RSA"
      ? ["ssh-rsa", positive(fromBase64(e)), positive(fromBase64(n))]
      : kty === "EC"
        ? [`ecdsa-sha2-${curve}`, Buffer.from(curve), point]
        : [""];
  if (type === "") return { publicKey: undefined, encrypted: false };
  const blob = Buffer.concat([Buffer.from(type), ...parts].flatMap((part) => [lengthOf(part), part]));
  return { publicKey: `${type} ${blob.toString("base64")}`, encrypted: false };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, "base64url");
}

/** A number whose first bit is set would be negative in ssh's wire format. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

/** ssh's wire format: numbers of four bytes, and texts that begin with their length. */
class Fields {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new Error("too short");
    return this.bytes.subarray(this.at, (this.at += length));
  }

  number(): number {
    return this.take(4).readUInt32BE(0);
  }

  text(): Buffer {
    return this.take(this.number());
  }
}
