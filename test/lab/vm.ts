import { rmSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { accelerator } from "./accelerator";
import { runFolder, sha256OfFile } from "./cache";
import { labKey } from "./keys";
import { freePort, Machine } from "./machine";
import { monitor, qmp } from "./qmp";
import { defaultLog, quote, run, sh, waitFor, type CommandResult, type Log } from "./shell";
import { targetDisk } from "./target-disk";

export interface SshOptions {
  user?: string;
  timeoutSeconds?: number;
  input?: string;
}

/** A virtual machine whose ssh is reached at 127.0.0.1:port. */
export interface Vm {
  name: string;
  port: number;
  /** Of QEMU; another one after powerOn. */
  pid: number;
  dir: string;
  disk: string;
  serialLogPath: string;
  serialLog(): Promise<string>;
  /** Looks at what was written since the machine was last powered on. */
  waitForSerial(text: string | RegExp, deadlineSeconds: number): Promise<void>;
  ssh(command: string, options?: SshOptions): Promise<CommandResult>;
  waitForSsh(deadlineSeconds: number): Promise<void>;
  /** Another host key is accepted on the next contact. */
  forgetHostKeys(): Promise<void>;
  powerCut(): Promise<void>;
  powerOn(): Promise<void>;
  setNetwork(up: boolean): Promise<void>;
  /** Whether 127.0.0.1:port leads to this machine; connections that are open stay. */
  setForwarding(on: boolean): Promise<void>;
  /** From the next reset on the firmware boots the second disk. */
  bootFromDataDisk(): Promise<void>;
  snapshot(tag: string): Promise<void>;
  /** Back to a snapshot that was taken while ssh answered. */
  restore(tag: string): Promise<void>;
  /** Of the whole disk as the guest sees it. What the guest has not synced yet is not on the disk. */
  diskSha256(which?: "system" | "data"): Promise<string>;
  /** e.g. "ssh-ed25519 AAAA…" */
  hostKeys(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface TargetOptions {
  name?: string;
  memoryMiB?: number;
  /** Of the disk, which then is /dev/disk/by-id/virtio-<serial>. */
  serial?: string;
  /** A second disk, /dev/disk/by-id/virtio-<serial>, that holds nothing bootable yet. */
  dataDiskSerial?: string;
  log?: Log;
}

/** A Debian machine as a user would bring it along, switched on; it does not wait until it has booted. */
export async function startTarget(options: TargetOptions = {}): Promise<Vm> {
  const log = options.log ?? defaultLog;
  const base = await targetDisk(log);
  const accelerated = await accelerator(log);
  const name = options.name ?? "target";
  const dir = runFolder(name);
  const disk = join(dir, "disk.qcow2");
  await sh(`qemu-img create -q -f qcow2 -F raw -b ${quote(base)} ${quote(disk)}`);
  const port = await freePort();
  const machine = new Machine(dir, disk, port, [
    ...accelerated,
    ...["-m", String(options.memoryMiB ?? 1024)],
    ...["-device", `virtio-blk-pci,drive=disk,id=system,serial=${options.serial ?? "LABDISK1"},bootindex=1`],
    ...(options.dataDiskSerial ? await dataDisk(dir, options.dataDiskSerial) : []),
  ]);
  const vm = controls(name, machine, (await labKey()).privateKeyPath);
  await vm.powerOn();
  return vm;
}

/** Filled with something, so that a wipe would show; as large as an install needs. */
async function dataDisk(dir: string, serial: string): Promise<string[]> {
  const file = dataDiskOf(dir);
  await sh(`cd ${quote(dir)}; head -c 8M /dev/urandom > data.raw; truncate -s 1536M data.raw
    qemu-img convert -f raw -O qcow2 data.raw ${quote(file)}; rm data.raw`);
  return [
    ...["-drive", `if=none,id=data,file=${file},format=qcow2,cache=unsafe`],
    ...["-device", `virtio-blk-pci,drive=data,id=data,serial=${serial},bootindex=2`],
  ];
}

const dataDiskOf = (dir: string): string => join(dir, "data.qcow2");

export function controls(name: string, machine: Machine, privateKeyPath: string): Vm {
  const { dir, disk, port, qmpSocket, serialLogPath } = machine;
  const knownHosts = join(dir, "known_hosts");
  const sshArguments = [
    ...["-i", privateKeyPath, "-p", String(port), "-F", "none"],
    ...option("IdentitiesOnly=yes", "BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=5"),
    ...option("StrictHostKeyChecking=accept-new", `UserKnownHostsFile=${knownHosts}`),
    // A guest that vanishes in the middle of a session would otherwise hang it for minutes.
    ...option("ServerAliveInterval=5", "ServerAliveCountMax=3"),
  ];

  const vm: Vm = {
    name,
    port,
    dir,
    disk,
    serialLogPath,
    get pid() {
      return machine.pid;
    },
    serialLog: () => readFile(serialLogPath, "utf8"),

    async waitForSerial(text, deadlineSeconds) {
      const seen = (log: string) => (typeof text === "string" ? log.includes(text) : text.test(log));
      await waitFor(`${text} on the serial line of ${name}`, deadlineSeconds, async () =>
        seen(await machine.serialSincePowerOn()) ? true : undefined,
      );
    },

    async ssh(command, { user = "root", timeoutSeconds = 60, input } = {}) {
      return run("ssh", [...sshArguments, `${user}@127.0.0.1`, command], { timeoutSeconds, input });
    },

    async waitForSsh(deadlineSeconds) {
      await waitFor(`ssh of ${name}`, deadlineSeconds, async () => {
        const answer = await vm.ssh("true", { timeoutSeconds: 10 });
        return answer.code === 0 ? true : undefined;
      });
    },

    forgetHostKeys: () => rm(knownHosts, { force: true }),

    powerCut: () => machine.powerCut(),
    powerOn: () => machine.powerOn(),

    async setNetwork(up) {
      await qmp(qmpSocket, "set_link", { name: "nic", up });
    },

    async setForwarding(on) {
      const rule = `tcp:127.0.0.1:${port}`;
      const command = on ? `hostfwd_add net ${rule}-:22` : `hostfwd_remove net ${rule}`;
      const answer = String(await qmp(qmpSocket, "human-monitor-command", { "command-line": command }));
      if (!(on ? /^$/ : / removed/).test(answer.trim()))
        throw new Error(`QEMU's monitor, ${command}: ${answer}`);
    },

    async bootFromDataDisk() {
      await qmp(qmpSocket, "qom-set", { path: "/machine/peripheral/data", property: "bootindex", value: 0 });
    },

    snapshot: (tag) => monitor(qmpSocket, `savevm ${tag}`),

    async restore(tag) {
      // Within a running QEMU the guest's clock would jump ahead by all the time since the snapshot, and its timers
      // would not: for minutes such a machine may be deaf.
      await machine.powerCut();
      await machine.powerOn(tag);
      await vm.setNetwork(true);
      await vm.forgetHostKeys();
      await vm.waitForSsh(60);
      // The guest believes that it is still the time of the snapshot.
      await vm.ssh(`date -s @${Math.floor(Date.now() / 1000)}`);
    },

    async diskSha256(which = "system") {
      const image = which === "system" ? disk : dataDiskOf(dir);
      const raw = join(dir, "disk.raw");
      const running = machine.isRunning();
      if (running) await qmp(qmpSocket, "stop"); // it writes out what QEMU holds back, too
      try {
        await sh(`qemu-img convert -U -f qcow2 -O raw ${quote(image)} ${quote(raw)}`);
      } finally {
        if (running) await qmp(qmpSocket, "cont");
      }
      return sha256OfFile(raw).finally(() => rm(raw, { force: true }));
    },

    async hostKeys() {
      const scan = await run("ssh-keyscan", [
        "-T",
        "10",
        "-t",
        "ed25519,ecdsa",
        "-p",
        String(port),
        "127.0.0.1",
      ]);
      return scan.stdout
        .split("\n")
        .filter((line) => line && !line.startsWith("#"))
        .map((line) => line.split(" ").slice(1).join(" "))
        .sort();
    },

    async stop() {
      await machine.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return vm;
}

function option(...settings: string[]): string[] {
  return settings.flatMap((setting) => ["-o", setting]);
}
