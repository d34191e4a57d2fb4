import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shell } from "../../provider/core/shell";
import { connectSsh } from "../../provider/transport/ssh";

/** Where root can log in on 127.0.0.1: by our transport, and by OpenSSH with the same key and the same host key. */
export interface SshTarget {
  port: number;
  privateKeyPath: string;
  hostKey: string;
}

export function connect({ port, privateKeyPath, hostKey }: SshTarget): Promise<Shell> {
  return connectSsh({
    host: "127.0.0.1",
    port,
    user: "root",
    auth: { privateKeyPath },
    hostKeys: [hostKey],
    sudo: false,
    connectTimeoutSeconds: 20,
  });
}

export async function writeKnownHosts(folder: string, targets: readonly SshTarget[]): Promise<string> {
  const path = join(folder, "known_hosts");
  await writeFile(path, targets.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`).join(""));
  return path;
}

/** OpenSSH's client as it comes, without the settings of this machine and its user. */
export function sshOptions({ port, privateKeyPath }: SshTarget, knownHosts: string): string[] {
  return [
    ...["-F", "none", "-p", String(port), "-i", privateKeyPath],
    ...["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"],
    ...["-o", "StrictHostKeyChecking=yes", "-o", `UserKnownHostsFile=${knownHosts}`],
  ];
}
