import { createAgent, type AnyAuthMethod, type ParsedKey } from "ssh2";
import { within } from "../core/deadline";
import { HostError } from "../core/errors";
import type { Access } from "../core/shell";
import { labelOf } from "./ssh-address";
import { describeKey } from "./ssh-host-key";
import { parsePrivateKey } from "./ssh-key";
import { readPrivateKey } from "./ssh-key-file";

export interface Credentials {
  methods: AnyAuthMethod[];
  /** What is tried, for the error text: only fingerprints of public keys. */
  description: string;
}

export async function loadCredentials({ user, auth }: Access): Promise<Credentials> {
  const label = labelOf(auth);
  const methods: AnyAuthMethod[] = [];
  const descriptions: string[] = [];

  const given = await readPrivateKey(auth);
  if (given !== undefined) {
    const key = parsePrivateKey(given.text, auth.passphrase, label, given.property);
    methods.push({ type: "publickey", username: user, key });
    descriptions.push(
      `${given.property} ${describeKey(key.getPublicSSH()).fingerprint} (${key.type})${given.remark}`,
    );
  }
  if (auth.agentSocket !== undefined) {
    const fingerprints = await agentFingerprints(auth.agentSocket, label);
    methods.push({ type: "agent", username: user, agent: auth.agentSocket });
    descriptions.push(
      `${fingerprints.length} keys of the agent (${fingerprints.join(", ") || "it holds none"})`,
    );
  }
  if (methods.length === 0) {
    throw new HostError("bad-input", {
      what: `${label}: there is no key to log in with`,
      next: "set privateKeyPath, privateKey or use an ssh agent",
    });
  }
  return { methods, description: descriptions.join(" and ") };
}

async function agentFingerprints(socketPath: string, label: string): Promise<string[]> {
  const asking = new Promise<string[]>((resolve, reject) => {
    createAgent(socketPath).getIdentities((error, keys) => {
      if (error) reject(error);
      else resolve((keys ?? []).map((key) => describeKey((key as ParsedKey).getPublicSSH()).fingerprint));
    });
  });
  try {
    return await within(10, "the ssh agent's answer", asking);
  } catch {
    throw new HostError("bad-input", {
      what: `${label}.agent: no ssh agent answers at ${socketPath}`,
      next: "start one and add the key with ssh-add, or give privateKeyPath",
    });
  }
}
