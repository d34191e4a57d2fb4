import { utils, type ParsedKey } from "ssh2";
import { HostError } from "../core/errors";

const works =
  "ed25519, ecdsa and rsa keys in OpenSSH or PEM form work; keys of other kinds work through an ssh agent";

/** Kinds that people give and that cannot work: told apart before the parser, whose words help nobody. */
const unfit: [pattern: RegExp, why: string, next: string][] = [
  [
    /^\s*(\S+ )?(ssh|ecdsa|sk-)\S+-cert-v\d+@openssh\.com\s/,
    "this is a certificate, and certificates are not supported",
    "give the private key, and put its public key into authorized_keys on the host",
  ],
  [
    /^\s*(ssh-|ecdsa-|sk-)\S+ AAAA|BEGIN (SSH2 |RSA )?PUBLIC KEY/,
    "this is a public key",
    "give the private key, the file without .pub",
  ],
  [
    /^\s*PuTTY-User-Key-File-/,
    "this is a key of PuTTY",
    "convert it: `puttygen KEY.ppk -O private-openssh -o KEY`",
  ],
  [
    /BEGIN (ENCRYPTED )?PRIVATE KEY/,
    "this is a key in PKCS#8 form",
    "convert an rsa or ecdsa key: `ssh-keygen -p -f KEY` writes OpenSSH's form; or load it into an ssh agent",
  ],
  [
    /BEGIN DSA PRIVATE KEY|ssh-dss/,
    "this is a DSA key, which today's ssh servers refuse",
    "make an ed25519 key: `ssh-keygen -t ed25519`",
  ],
  [
    /sk-(ssh|ecdsa)-/,
    "this key needs a security key (FIDO) at hand",
    "load it into an ssh agent, and set agent instead",
  ],
  [/^\s*$/, "it is empty", works],
];

/** Reads a private key. Errors name `property`, where it comes from, and nothing of what is in it. */
export function parsePrivateKey(
  text: string,
  passphrase: string | undefined,
  label: string,
  property: string,
): ParsedKey {
  // Some kinds of key are answered with a list of one.
  const key = [parse(text, passphrase)].flat()[0] as ParsedKey | Error;
  if (!(key instanceof Error) && key.isPrivateKey() && key.type !== "ssh-dss") return key;
  const kind = unfit.find(([pattern]) => pattern.test(text) || pattern.test(bodyOf(text) ?? text));
  if (kind) throw badKey(property, kind[1], kind[2]);
  if (isEncrypted(text)) {
    throw passphrase === undefined
      ? badKey(`${label}.passphrase`, `${property} is encrypted, and there is no passphrase`)
      : badKey(`${label}.passphrase`, `the passphrase does not open ${property}`);
  }
  throw badKey(property, `this key cannot be used: ${reasonFor(key)}`, works);
}

function parse(text: string, passphrase: string | undefined): unknown {
  try {
    return utils.parseKey(text, passphrase);
  } catch (error) {
    // A broken file makes the parser throw where it should answer.
    return error instanceof Error ? error : new Error();
  }
}

function reasonFor(problem: unknown): string {
  const words = problem instanceof Error ? problem.message : "";
  return /^Unsupported|^Malformed|not supported|integrity/.test(words) ? words : "not a private key";
}

/** ssh2's own messages do not always tell a wrong passphrase from a broken file. */
function isEncrypted(text: string): boolean {
  if (/ENCRYPTED/.test(text)) return true;
  const body = bodyOf(text);
  return (
    body !== undefined &&
    body.startsWith("openssh-key-v1\0") &&
    !body.startsWith("openssh-key-v1\0\0\0\0\x04none")
  );
}

/** What an OpenSSH key file carries; the public half and the kinds are readable in it. */
function bodyOf(text: string): string | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  return body === undefined ? undefined : Buffer.from(body, "base64").toString("latin1");
}

function badKey(property: string, why: string, next?: string): HostError {
  return new HostError("bad-input", { what: `${property}: ${why}`, ...(next ? { next } : {}) });
}
