import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runFolder } from "../lab/cache";
import { kexecBundle } from "../lab/kexec-bundle";
import { labKey } from "../lab/keys";
import { freePort } from "../lab/machine";
import { quote, run, sh, waitFor } from "../lab/shell";
import type { SshTarget } from "./ssh-target";

/** Hosts on this machine's loopback, with a real sshd and a real Nix, without a VM between. */
export interface LoopbackHosts {
  start(): Promise<SshTarget & { stop(): Promise<void> }>;
  remove(): Promise<void>;
}

export async function loopbackHosts(): Promise<LoopbackHosts> {
  if (process.getuid?.() !== 0) throw new Error("an sshd of its own in a chroot needs root");
  const folder = runFolder("loopback");
  const root = join(folder, "root");
  const hostKey = join(folder, "host_key");
  const { privateKeyPath } = await labKey();
  const bundle = (await kexecBundle()).path;
  await sh(`
    mkdir ${quote(root)} ${quote(folder)}/bundle
    tar -xzf ${quote(bundle)} -C ${quote(folder)}/bundle kexec/initrd
    zstd -dcq ${quote(folder)}/bundle/kexec/initrd | ( cd ${quote(root)} && cpio -idm --quiet )
    ssh-keygen -q -t ed25519 -N '' -C '' -f ${quote(hostKey)}`);
  const publicKey = (await readFile(`${hostKey}.pub`, "utf8")).trim();

  return {
    start: async () => {
      const port = await freePort();
      const script = join(__dirname, "loopback-host.sh");
      const authorized = `${privateKeyPath}.pub`;
      const host = spawn(
        "setpriv",
        ["--pdeathsig", "KILL", "sh", script, root, String(port), authorized, hostKey],
        // Its standard error says nothing but who logged in.
        { stdio: "ignore" },
      );
      await waitFor(`an sshd on 127.0.0.1:${port}`, 20, async () => {
        if (host.exitCode !== null) throw new Error(`the sshd ended with ${host.exitCode}`);
        const scan = await run("ssh-keyscan", ["-T", "2", "-t", "ed25519", "-p", String(port), "127.0.0.1"]);
        return scan.stdout.includes(publicKey) ? true : undefined;
      });
      return {
        port,
        privateKeyPath,
        hostKey: publicKey,
        stop: async () => {
          const ended = once(host, "exit");
          host.kill("SIGKILL"); // unshare takes everything of it along
          await ended;
        },
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
