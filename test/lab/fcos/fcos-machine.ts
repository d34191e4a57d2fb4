import { rmSync } from "node:fs";
import { accelerator } from "../accelerator";
import { runFolder } from "../cache";
import { labKey } from "../keys";
import { freePort, Machine } from "../machine";
import { defaultLog, quote, sh, waitFor, type CommandResult, type Log } from "../shell";
import { controls, type SshOptions, type Vm } from "../vm";
import { ownFiles } from "./furnish";
import type { FcosLab } from "./index";
import { ostreeDisk } from "./ostree-disk";

/** A virtual machine that runs an image, with ssh at 127.0.0.1:port for `core`, who may do everything by sudo. */
export interface FcosMachine extends Omit<Vm, "bootFromDataDisk" | "restore" | "snapshot" | "diskSha256"> {
  user: "core";
  privateKeyPath: string;
  /** As `core`; a command that fails is an error. */
  run(command: string, options?: SshOptions): Promise<string>;
  bootId(): Promise<string>;
  /** Waits until ssh answers in another boot than the given one. */
  waitForReboot(earlierBootId: string, deadlineSeconds?: number): Promise<string>;
  /** What was written since the machine was last powered on. */
  serial(): Promise<string>;
}

export interface FcosMachineOptions {
  memoryMiB?: number;
  diskMiB?: number;
  bootMiB?: number;
  /** More shell lines that fill its `$etc` and `$var` before it boots for the first time. */
  furnish?: string;
  log?: Log;
}

const USER = "core";
const BOOT_DEADLINE_SECONDS = 240;

/** Deploys an image on a new machine and switches it on; it does not wait until it has booted. */
export async function startFcosMachine(
  lab: FcosLab,
  image: string,
  { memoryMiB = 1280, log = defaultLog, furnish = "", ...disk }: FcosMachineOptions = {},
): Promise<FcosMachine> {
  const { privateKeyPath, publicKey } = await labKey();
  const dir = runFolder("fcos-machine");
  const own = `${ownFiles(publicKey, lab.registry.address)}\n${furnish}`;
  const raw = await ostreeDisk(lab, image, dir, { ...disk, furnish: own });
  const qcow2 = `${dir}/disk.qcow2`;
  await sh(`qemu-img create -q -f qcow2 -F raw -b ${quote(raw)} ${quote(qcow2)}`);
  const machine = new Machine(dir, qcow2, await freePort(), [
    ...(await accelerator(log)),
    ...["-m", String(memoryMiB), "-device", "virtio-blk-pci,drive=disk,bootindex=1"],
  ]);
  await machine.powerOn();
  return fcosControls(machine, privateKeyPath);
}

function fcosControls(machine: Machine, privateKeyPath: string): FcosMachine {
  const vm = controls("fcos-machine", machine, privateKeyPath);
  const ssh = (command: string, options: SshOptions = {}): Promise<CommandResult> =>
    vm.ssh(command, { user: USER, ...options });
  const answeringBootId = async (): Promise<string | undefined> => {
    const { code, stdout } = await ssh("cat /proc/sys/kernel/random/boot_id", { timeoutSeconds: 10 });
    return code === 0 ? stdout.trim() : undefined;
  };

  return {
    ...vm,
    get pid() {
      return machine.pid;
    },
    user: USER,
    privateKeyPath,
    ssh,
    async waitForSsh(deadlineSeconds = BOOT_DEADLINE_SECONDS) {
      await waitFor("ssh of the machine", deadlineSeconds, answeringBootId);
    },
    async run(command, options) {
      const { code, stdout, stderr } = await ssh(command, options);
      if (code !== 0) throw new Error(`on the machine, ${command} ended with ${code}:\n${stdout}\n${stderr}`);
      return stdout.trim();
    },
    bootId: () => waitFor("the machine's boot_id", 30, answeringBootId),
    waitForReboot: (earlier, deadlineSeconds = BOOT_DEADLINE_SECONDS) =>
      waitFor("another boot of the machine", deadlineSeconds, async () => {
        const bootId = await answeringBootId();
        return bootId === earlier ? undefined : bootId;
      }),
    serial: () => machine.serialSincePowerOn(),
    async stop() {
      await machine.kill();
      rmSync(machine.dir, { recursive: true, force: true });
    },
  };
}
