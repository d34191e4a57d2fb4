import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labKey } from "./keys";
import { quote, sh } from "./shell";
import type { Vm } from "./vm";

/** Secrets of every kind that a program can hold, and what each is recognised by wherever it should not be. */
export interface Planted {
  /** A private folder, where they may lie. */
  folder: string;
  values: Record<SecretName, string>;
  /** One line of each. */
  marks: Record<SecretName, string>;
  /** The public half of the host key. */
  hostKey: string;
  remove(): Promise<void>;
}

export const secretNames = [
  "privateKey",
  "passphrase",
  "sudoPassword",
  "extraFile",
  "diskKey",
  "sshHostKey",
] as const;
export type SecretName = (typeof secretNames)[number];

/** The lab's key under a passphrase, a new host key, and a password that the old system's `operator` gets. */
export async function plantSecrets(vm: Vm): Promise<Planted> {
  const folder = mkdtempSync(join(tmpdir(), "immutable-os-planted-"));
  const passphrase = word();
  const values = {
    passphrase,
    privateKey: await lockedKey(folder, passphrase),
    sudoPassword: word(),
    extraFile: word(),
    diskKey: word(),
    sshHostKey: await newHostKey(folder),
  };
  await vm.ssh("chpasswd", { input: `operator:${values.sudoPassword}\n` });
  await writeFile(join(folder, "secrets.json"), JSON.stringify(values), { mode: 0o600 });
  const marks = Object.fromEntries(secretNames.map((name) => [name, markOf(values[name])]));
  return {
    folder,
    values,
    marks: marks as Planted["marks"],
    hostKey: (await readFile(join(folder, "host.pub"), "utf8")).trim(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function lockedKey(folder: string, passphrase: string): Promise<string> {
  const path = join(folder, "key");
  await copyFile((await labKey()).privateKeyPath, path);
  await sh(`chmod 600 ${quote(path)}; ssh-keygen -q -p -P '' -N ${passphrase} -f ${quote(path)}`);
  return readFile(path, "utf8");
}

async function newHostKey(folder: string): Promise<string> {
  const path = join(folder, "host");
  await sh(`ssh-keygen -q -t ed25519 -N '' -C planted -f ${quote(path)}`);
  return readFile(path, "utf8");
}

function word(): string {
  return `planted-${randomBytes(12).toString("hex")}`;
}

/** Of a key its third line: the ones before are the same in many keys, or hold the public half. */
function markOf(secret: string): string {
  const lines = secret.trim().split("\n");
  return lines.length === 1 ? secret : (lines[4] ?? "");
}
