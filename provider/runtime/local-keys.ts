import { HostError } from "../core/errors";
import type { AccessAuth } from "../core/shell";
import { parsePrivateKey } from "../transport/ssh-key";
import { readPrivateKey } from "../transport/ssh-key-file";
import { fileProblem, socketProblem } from "./local-file";

export interface KeyProblem {
  /** The property of the login or file that is wrong. */
  key: string;
  text: string;
}

interface Login {
  privateKey?: string;
  privateKeyPath?: string;
  passphrase?: string;
  agent?: boolean | string;
}

interface FileSource {
  content?: string;
  source?: string;
}

const largestKeyBytes = 256 * 1024;

/** Whether the key of a login can be used, without asking an agent or a host. */
export async function loginProblem(label: string, login: unknown): Promise<KeyProblem | undefined> {
  if (typeof login !== "object" || login === null) return undefined;
  const { privateKey, privateKeyPath, passphrase, agent } = login as Login;
  if (agent !== undefined && agent !== false) return agentProblem(agent);
  const secret = passphrase === undefined ? {} : { passphrase };
  if (privateKey !== undefined) {
    return looksLikePath(privateKey)
      ? { key: "privateKey", text: "must be the key itself: give its path as privateKeyPath" }
      : (await parsed({ label, privateKey, ...secret })).problem;
  }
  if (privateKeyPath === undefined) return undefined;
  if (looksLikeKey(privateKeyPath))
    return { key: "privateKeyPath", text: "must be a path: give the key itself as privateKey, as a secret" };
  const text = await fileProblem(privateKeyPath, largestKeyBytes);
  if (text !== undefined) return { key: "privateKeyPath", text };
  return (await parsed({ label, privateKeyPath, ...secret })).problem;
}

/** sshd has nobody to ask for a passphrase, and looks for each type of key in a file of its own. */
export async function hostKeyProblem(type: string, file: unknown): Promise<KeyProblem | undefined> {
  if (typeof file !== "object" || file === null) return undefined;
  const { content, source } = file as FileSource;
  const key = source === undefined ? "content" : "source";
  const text = source === undefined ? undefined : await fileProblem(source, largestKeyBytes);
  if (text !== undefined) return { key, text };
  const auth = source === undefined ? { privateKey: content ?? "" } : { privateKeyPath: source };
  const { type: found, problem } = await parsed(auth);
  if (problem?.key === "passphrase")
    return { key, text: "must be a private key without a passphrase: nobody could give it to sshd" };
  if (problem !== undefined) return { key, text: problem.text };
  return found.includes(type)
    ? undefined
    : { key, text: `must be a private key of type ${type}, not ${found}` };
}

async function agentProblem(agent: boolean | string): Promise<KeyProblem | undefined> {
  const socket = typeof agent === "string" ? agent : process.env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "")
    return { key: "agent", text: "is true, but SSH_AUTH_SOCK is not set where Pulumi runs" };
  const text = await socketProblem(socket);
  return text === undefined ? undefined : { key: "agent", text };
}

async function parsed(auth: AccessAuth): Promise<{ type: string; problem?: KeyProblem }> {
  try {
    const { text = "", property = "" } = (await readPrivateKey(auth)) ?? {};
    return { type: parsePrivateKey(text, auth.passphrase, auth.label ?? "", property).type };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { what, next } = error.details;
    const [, key = "privateKey", reason = what] = /^[\w.]*\b(\w+): ([\s\S]*)$/.exec(what) ?? [];
    return { type: "", problem: { key, text: `is wrong: ${[reason, next].filter(Boolean).join("; ")}` } };
  }
}

function looksLikeKey(text: string): boolean {
  return text.includes("-----BEGIN ") || text.includes("\n");
}

function looksLikePath(text: string): boolean {
  return /^[~./]/.test(text) && !text.includes("\n");
}
