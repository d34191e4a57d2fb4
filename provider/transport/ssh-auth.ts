import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { createAgent, utils, type AnyAuthMethod, type ParsedKey } from "ssh2";
import { within } from "../core/deadline";
import { HostError } from "../core/errors";
import type { AccessAuth } from "../core/shell";
import { describeKey } from "./ssh-host-key";

export interface Credentials {
  methods: AnyAuthMethod[];
  /** What is tried, for the error text: only fingerprints of public keys. */
  description: string;
}

export async function loadCredentials(user: string, auth: AccessAuth): Promise<Credentials> {
  const methods: AnyAuthMethod[] = [];
  const descriptions: string[] = [];

  const text = await privateKeyText(auth);
  if (text !== undefined) {
    const property = auth.privateKey !== undefined ? "connection.privateKey" : "connection.privateKeyPath";
    const key = parsePrivateKey(text, auth.passphrase, property);
    methods.push({ type: "publickey", username: user, key });
    descriptions.push(`${property} ${describeKey(key.getPublicSSH()).fingerprint} (${key.type})`);
  }
  if (auth.agentSocket !== undefined) {
    const fingerprints = await agentFingerprints(auth.agentSocket);
    methods.push({ type: "agent", username: user, agent: auth.agentSocket });
    descriptions.push(
      `${fingerprints.length} keys of the agent (${fingerprints.join(", ") || "it holds none"})`,
    );
  }
  if (methods.length === 0) {
    throw badInput(
      "connection",
      "there is no key to log in with",
      "set privateKeyPath, privateKey or use an ssh agent",
    );
  }
  return { methods, description: descriptions.join(" and ") };
}

async function privateKeyText(auth: AccessAuth): Promise<string | undefined> {
  if (auth.privateKey !== undefined) return auth.privateKey;
  if (auth.privateKeyPath === undefined) return undefined;
  const path = auth.privateKeyPath.replace(/^~(?=\/)/, homedir());
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    throw badInput("connection.privateKeyPath", `${path} cannot be read: ${reason}`);
  }
}

function parsePrivateKey(text: string, passphrase: string | undefined, property: string): ParsedKey {
  const parsed: unknown = utils.parseKey(text, passphrase);
  // Some kinds of key are answered with a list of one.
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
  if (!(key instanceof Error)) {
    if (key.isPrivateKey()) return key;
    throw badInput(property, "this is a public key", "give the private key, the file without .pub");
  }
  if (isEncrypted(text)) {
    throw passphrase === undefined
      ? badInput("connection.passphrase", `${property} is encrypted, and there is no passphrase`)
      : badInput("connection.passphrase", `the passphrase does not open ${property}`);
  }
  const reason = /^Unsupported|^Malformed|not supported|integrity/.test(key.message)
    ? key.message
    : "not a private key";
  throw badInput(
    property,
    `this key cannot be used: ${reason}`,
    "ed25519, ecdsa and rsa keys in OpenSSH format work; keys of other kinds work through an ssh agent",
  );
}

/** ssh2's own messages do not always tell a wrong passphrase from a broken file. */
function isEncrypted(text: string): boolean {
  if (/ENCRYPTED/.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (body === undefined) return false;
  const blob = Buffer.from(body, "base64").toString("latin1");
  return blob.startsWith("openssh-key-v1\0") && !blob.startsWith("openssh-key-v1\0\0\0\0\x04none");
}

async function agentFingerprints(socketPath: string): Promise<string[]> {
  const asking = new Promise<string[]>((resolve, reject) => {
    createAgent(socketPath).getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []).map((key) => describeKey((key as ParsedKey).getPublicSSH()).fingerprint));
    });
  });
  try {
    return await within(10, "the ssh agent's answer", asking);
  } catch {
    throw badInput(
      "connection.agent",
      `no ssh agent answers at ${socketPath}`,
      "start one and add the key with ssh-add, or give privateKeyPath",
    );
  }
}

function badInput(property: string, why: string, next?: string): HostError {
  return new HostError("bad-input", { what: `${property}: ${why}`, ...(next ? { next } : {}) });
}
