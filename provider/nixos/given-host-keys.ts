import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HostError } from "../core/errors";
import type { HostFile } from "../host/files";
import { readHostKeyText, type HostKeyText } from "../host/private-host-key";
import { expandHome, reading } from "./local-file";
import type { hostKeyTypes, NixosHostInputs } from "./schema";

type KeyType = (typeof hostKeyTypes)[number];
type Install = NixosHostInputs["install"];

const typePatterns: Record<KeyType, RegExp> = {
  ed25519: /^ssh-ed25519 /,
  ecdsa: /^ecdsa-sha2-nistp\d+ /,
  rsa: /^ssh-rsa /,
};

interface GivenKey {
  type: KeyType;
  property: string;
  privateKey: string;
  publicKey: string;
}

/** The private keys and their public halves, as files of the new system. */
export async function hostKeyFiles(install: Install): Promise<HostFile[]> {
  return (await givenKeys(install)).flatMap(({ type, property, privateKey, publicKey }) => {
    const path = `/etc/ssh/ssh_host_${type}_key`;
    return [
      fileOf(path, property, privateKey, "600"),
      fileOf(`${path}.pub`, property, `${publicKey}\n`, "644"),
    ];
  });
}

/** What the machine will answer with once it is installed. On a machine that is installed the sources may be gone. */
export async function announcedHostKeys(install: Install): Promise<string[]> {
  return (await givenKeys(install).catch(() => [])).map(({ publicKey }) => publicKey);
}

/** A declared host key rules: keys that it does not accept would shut us out of the new system. */
export async function refuseContradiction(
  { connection, install }: NixosHostInputs,
  /** What the machine has proved to own by now. */
  proved: readonly string[],
): Promise<void> {
  const { hostKey = "accept-new" } = connection;
  if (hostKey === "accept-new") return;
  const given = await givenKeys(install);
  const known = [...proved, ...given.map(({ publicKey }) => publicKey)];
  // A fingerprint tells its type only where its key is known.
  const declared = [hostKey].flat().map((entry) => known.find((key) => isFingerprintOf(entry, key)) ?? entry);
  for (const { type, property, publicKey } of given) {
    const namesType = declared.some((entry) => typePatterns[type].test(entry));
    if (!namesType || declared.some((entry) => entry.startsWith(publicKey))) continue;
    throw new HostError("bad-input", {
      what: `connection.hostKey does not accept ${property}: the new system would be refused`,
      expected: publicKey,
      seen: declared.join(", "),
      next: "let connection.hostKey name the new key, and install.connection.hostKey the present one",
    });
  }
}

function isFingerprintOf(entry: string, publicKey: string): boolean {
  const blob = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return (
    entry.trim().replace(/=$/, "") ===
    `SHA256:${createHash("sha256").update(blob).digest("base64").slice(0, 43)}`
  );
}

async function givenKeys(install: Install): Promise<GivenKey[]> {
  const entries = Object.entries(install?.sshHostKeys ?? {}) as [
    KeyType,
    { content?: string; source?: string },
  ][];
  return Promise.all(
    entries.map(async ([type, { content, source }]) => {
      const property = `install.sshHostKeys.${type}`;
      const path = expandHome(source ?? "");
      const text = content ?? (await reading(property, path, () => readFile(path, "utf8")));
      return { type, property, ...checkedKey(type, property, text) };
    }),
  );
}

function checkedKey(
  type: KeyType,
  property: string,
  text: string,
): { privateKey: string; publicKey: string } {
  // sshd reads no key whose last line has no end.
  const privateKey = `${text.replaceAll("\r", "").trim()}\n`;
  const read = readHostKeyText(privateKey);
  const { publicKey } = read;
  if (publicKey !== undefined && typePatterns[type].test(publicKey)) return { privateKey, publicKey };
  throw new HostError("bad-input", {
    what: `${property} is no ${type} host key that sshd could use`,
    expected: `a private ${type} key without a passphrase, in OpenSSH format or, rsa and ecdsa, as PEM`,
    seen: whatItIs(privateKey, read),
    next: `ssh-keygen -t ${type} -N "" -f FILE makes one; ssh-keygen -p -N "" -f FILE takes the passphrase away`,
  });
}

function whatItIs(text: string, { publicKey, encrypted }: HostKeyText): string {
  if (publicKey !== undefined) return `a key of the type ${publicKey.split(" ", 1)[0]}`;
  if (/^(ssh-|ecdsa-sha2-)/.test(text)) return "a public key";
  if (encrypted) return "an encrypted key";
  return /PRIVATE KEY/.test(text) ? "a private key of another kind, or a damaged one" : "no key";
}

function fileOf(path: string, property: string, text: string, mode: string): HostFile {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { path, property, from: { text }, size: Buffer.byteLength(text), sha256, mode, owner: "root:root" };
}
