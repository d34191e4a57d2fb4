import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { quote } from "../../../provider/core/quote";
import type { Access, Shell } from "../../../provider/core/shell";
import { connectSsh } from "../../../provider/transport/ssh";
import { operatorsWorld, type Operator } from "./operator";
import { until } from "../support/until";
import { accessTo, clientKey, onCleanUp, tempFolder } from "./support";

const program = "/usr/sbin/sshd";

export interface SshdOptions {
  /** More lines of sshd_config. */
  config?: string;
  /** Default: 127.0.0.1. */
  address?: string;
  /** One more line of authorized_keys. */
  trust?: string;
  /** A user that only this sshd and what it starts know; needs root. */
  operator?: Operator;
}

export interface RealSshd {
  port: number;
  address: string;
  /** Its public key. */
  hostKey: string;
  user: string;
  /** What it has logged so far. */
  log: () => string;
  pid: number;
}

/** OpenSSH's server, on a free port. */
export async function realSshd(options: SshdOptions = {}): Promise<RealSshd> {
  const { address = "127.0.0.1", config = "", trust = "", operator } = options;
  if (!existsSync(program))
    throw new Error(`${program} is missing: install the packages of tools/apt-packages.txt`);
  const isRoot = userInfo().uid === 0;
  if (operator && !isRoot) throw new Error("a host with a user of its own needs root");
  // Its own start script makes this folder, where there is one.
  if (isRoot) mkdirSync("/run/sshd", { recursive: true });
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const key = join(folder, "host-key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  writeFileSync(join(folder, "authorized_keys"), `${clientKey.publicKey}\n${trust}\n`);
  const lines = [
    config,
    `ListenAddress ${address}`,
    `HostKey ${key}`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "PidFile none",
    "StrictModes no",
    `UsePAM ${isRoot ? "yes" : "no"}`,
    "PermitRootLogin yes",
    "MaxStartups 100",
  ];
  writeFileSync(join(folder, "sshd_config"), `${lines.join("\n")}\n`);
  const start = `exec ${program} -D -e -f ${quote(join(folder, "sshd_config"))}`;
  const script = operator ? `${operatorsWorld(operator)}\n${start}` : start;
  const inWorld = operator ? ["unshare", "-m", "--propagation", "private"] : [];
  const { sshd, port, log } = await listening(address, [...inWorld, "sh", "-ec"], script);
  return {
    port,
    address,
    hostKey: readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" "),
    user: operator ? "operator" : userInfo().username,
    log,
    pid: sshd.pid as number,
  };
}

/** Without an operator it is the user who runs the tests: nobody else may be logged in without root. */
export function realAccess(sshd: RealSshd, changes: Partial<Access> = {}): Access {
  return accessTo(sshd, {
    host: sshd.address,
    user: sshd.user,
    hostKeys: [sshd.hostKey],
    ...changes,
  });
}

export async function realShell(sshd: RealSshd, changes: Partial<Access> = {}): Promise<Shell> {
  const shell = await connectSsh(realAccess(sshd, changes));
  onCleanUp(() => shell.close());
  return shell;
}

/** On a port that is free: one that is taken by others meanwhile is followed by another one. */
async function listening(address: string, [program = "", ...args]: string[], script: string) {
  for (;;) {
    const port = await freePort(address);
    const sshd: ChildProcess = spawn(program, [...args, `${script} -p ${port}`]);
    onCleanUp(() => void sshd.kill());
    let text = "";
    const log = (): string => text;
    sshd.stderr?.setEncoding("utf8").on("data", (more: string) => (text += more));
    const isTaken = (): boolean => /Bind to port .* failed: Address already in use/.test(text);
    await until(
      `sshd listens on ${address}`,
      () => text.includes("Server listening") || isTaken(),
      () => `port ${port}: ${text}`,
    );
    if (!isTaken()) return { sshd, port, log };
  }
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
