import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { qmp } from "./qmp";
import { waitFor } from "./shell";

/** The QEMU process behind a virtual machine. */
export class Machine {
  readonly qmpSocket: string;
  readonly serialLogPath: string;
  private process?: ChildProcess;
  private serialStart = 0;

  constructor(
    readonly dir: string,
    readonly disk: string,
    readonly port: number,
    private readonly qemuArguments: string[],
  ) {
    this.qmpSocket = join(dir, "qmp.sock");
    this.serialLogPath = join(dir, "serial.log");
    machines.add(this);
    endTogetherWithThisProcess();
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  isRunning(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Boots, or goes on where a snapshot was taken. */
  async powerOn(snapshot?: string): Promise<void> {
    if (this.isRunning()) throw new Error("the machine is on already");
    this.serialStart = existsSync(this.serialLogPath) ? statSync(this.serialLogPath).size : 0;
    rmSync(this.qmpSocket, { force: true });
    const errors = openSync(join(this.dir, "qemu.log"), "a");
    // The kernel ends QEMU when this process ends, even when it is killed.
    this.process = spawn(
      "setpriv",
      ["--pdeathsig", "KILL", "qemu-system-x86_64", ...this.commandLine(snapshot)],
      {
        detached: true, // Ctrl-C is for the tests, which then stop it
        stdio: ["ignore", errors, errors],
      },
    );
    closeSync(errors);
    await waitFor("QEMU's control socket", 20, async () => {
      if (!this.isRunning())
        throw new Error(`QEMU ended: ${await readFile(join(this.dir, "qemu.log"), "utf8")}`);
      return existsSync(this.qmpSocket) ? true : undefined;
    });
  }

  /** Ends QEMU at once, as far as the guest can tell; the image file itself is closed properly. */
  async powerCut(): Promise<void> {
    if (!this.isRunning()) return;
    const ended = once(this.process!, "exit");
    await qmp(this.qmpSocket, "quit");
    await ended;
  }

  async kill(): Promise<void> {
    machines.delete(this);
    if (!this.isRunning()) return;
    const ended = once(this.process!, "exit");
    this.process!.kill("SIGKILL");
    await ended;
  }

  killAndRemove(): void {
    this.process?.kill("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  async serialSincePowerOn(): Promise<string> {
    return (await readFile(this.serialLogPath)).subarray(this.serialStart).toString("utf8");
  }

  private commandLine(snapshot: string | undefined): string[] {
    return [
      ...(snapshot === undefined ? [] : ["-loadvm", snapshot]),
      ...["-machine", "q35", "-display", "none", "-nodefaults"],
      ...["-chardev", `file,id=serial,path=${this.serialLogPath},append=on`, "-serial", "chardev:serial"],
      ...["-qmp", `unix:${this.qmpSocket},server=on,wait=off`],
      ...["-device", "virtio-rng-pci"],
      ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${this.port}-:22`],
      ...["-device", "virtio-net-pci,netdev=net,id=nic,romfile="],
      // The machine under the tests never crashes in a way that a flush would help against.
      ...["-drive", `if=none,id=disk,file=${this.disk},format=qcow2,cache=unsafe`],
      ...this.qemuArguments,
    ];
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const machines = new Set<Machine>();
let listening = false;

function endTogetherWithThisProcess(): void {
  if (listening) return;
  listening = true;
  const endAll = () => machines.forEach((machine) => machine.killAndRemove());
  process.on("exit", endAll);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      endAll();
      process.kill(process.pid, signal);
    });
  }
}
