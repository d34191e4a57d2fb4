// A stand-in for a machine: an old Debian, the installer and NixOS are only played, behind a real ssh server.
import { commandOf } from "./machine-commands";
import {
  bootEntry,
  freshRam,
  kernels,
  type Disk,
  type PlayedMachine,
  type PlayedSystem,
  type Quirks,
  type Ram,
  type System,
} from "./machine-parts";
import { isBroken } from "./played-power";
import { SshHost, makeKey, type ExecRequest, type Reply, type TestKey } from "./ssh-host";

export type FaultKind = "exit code" | "cut before" | "cut in the middle" | "silence" | "garbage";

/** Goes wrong once: the step as it is called in `steps`. */
export interface Fault {
  step: string;
  kind: FaultKind;
}

const kexecDelayMs = 300;
const bootMs = 300;

export class Machine implements PlayedMachine {
  system: System = "debian";
  /** /run/booted-system and /run/current-system. */
  booted: PlayedSystem | undefined;
  current: string | undefined;
  ram: Ram = freshRam();
  readonly disk: Disk;
  readonly otherDisk = { device: "/dev/vdb", serial: "DATA" };
  readonly quirks: Quirks = {};
  readonly systems = new Map<string, PlayedSystem>();
  /** Every command that was run, in order, with the system that ran it. */
  readonly steps: string[] = [];
  /** What must never happen: a test fails on any. */
  readonly violations: string[] = [];
  /** Every receipt that was written, with its place. */
  readonly receipts: string[] = [];
  /** Every lease that was taken or renewed: where, and by which run. */
  readonly leases: string[] = [];
  /** All that came in: commands and what was sent to them. */
  readonly heard: string[] = [];
  key = makeKey();
  /** The systems that may be left by kexec in this test. */
  readonly mayKexec = new Set<System>(["debian"]);
  fault: Fault | undefined;
  faultFired = false;
  private host: SshHost | undefined;
  private watched: { step: string; resolve: () => void } | undefined;
  private logins = 0;
  private readonly timers = new Set<NodeJS.Timeout>();
  private booting = Promise.resolve();
  private held: { step: string; until: Promise<void> } | undefined;

  private constructor() {
    const store = new Set<string>();
    this.disk = {
      device: "/dev/vda",
      serial: "LABDISK1",
      wiped: 0,
      generation: 0,
      mounted: false,
      store,
      profile: "",
      bootEntry: undefined,
      receipt: "",
      lease: "",
    };
  }

  static async start(quirks: Quirks = {}): Promise<Machine> {
    const machine = new Machine();
    Object.assign(machine.quirks, quirks);
    machine.host = await machine.newHost().listen(0, quirks.address);
    return machine;
  }

  /** Resolves when this step is asked for. */
  reached(step: string): Promise<void> {
    return new Promise((resolve) => (this.watched = { step, resolve }));
  }

  /** As `reached`, and the machine answers only when it is let. */
  async heldAt(step: string): Promise<() => void> {
    let letGo: () => void = () => undefined;
    this.held = { step, until: new Promise((resolve) => (letGo = resolve)) };
    await this.reached(step);
    return letGo;
  }

  /** Only this key may log in from now on. */
  authorize(key: TestKey): void {
    this.key = key;
    this.running.options.authorizedKey = key.publicKey;
  }

  get port(): number {
    return this.running.port;
  }

  get hostKey(): TestKey {
    return this.running.hostKey;
  }

  /** Connections that were logged in, over all boots. */
  get connections(): number {
    return this.logins + this.running.counts.logins;
  }

  /** TCP connections, whatever became of them. */
  get contacts(): number {
    return this.running.counts.connections;
  }

  kernel(): string {
    if (this.system === "installer") return this.quirks.kernelAfterKexec ?? kernels.installer;
    return this.system === "nixos" ? (this.booted?.kernel ?? "") : kernels.debian;
  }

  get liveStore(): Set<string> {
    return this.system === "nixos" ? this.disk.store : this.ram.store;
  }

  /** Becomes a machine that was installed before this test. */
  async becomeInstalled(system: PlayedSystem, receipt: string): Promise<void> {
    Object.assign(this.disk, { profile: system.toplevel, receipt, bootEntry: bootEntry(system.toplevel) });
    this.disk.store.add(system.toplevel);
    await this.boot("nixos", system);
  }

  leaveFor(system: System, after: () => PlayedSystem | undefined = () => undefined): void {
    this.later(kexecDelayMs, () => {
      this.goDown();
      this.later(bootMs, () => {
        const booted = after();
        if (system === "nixos" && booted === undefined) return;
        this.booting = this.boot(system, booted);
      });
    });
  }

  rebootFromDisk(): void {
    this.disk.mounted = false;
    this.leaveFor("nixos", () => {
      if (this.quirks.bootsInstead) return this.quirks.bootsInstead;
      const entry = this.disk.bootEntry;
      const isWhole = entry && entry.initrdBytes > 0 && !isBroken(this, entry.toplevel);
      return isWhole ? this.systems.get(entry.toplevel) : undefined;
    });
  }

  unreachable(): void {
    this.goDown();
  }

  /** The same boot, as after a network that was away. */
  answersAgain(): void {
    this.running.faults.closeAtOnce = false;
  }

  /** Resolves when no boot is under way. */
  async settled(): Promise<void> {
    while (this.timers.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await this.booting;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    await this.running.stop();
  }

  private async boot(system: System, booted: PlayedSystem | undefined): Promise<void> {
    this.system = system;
    this.booted = booted;
    this.current = booted?.toplevel;
    this.ram = freshRam();
    this.disk.mounted = false;
    const key = this.quirks.hostKeys?.[system];
    if (key !== undefined && key.publicKey !== this.hostKey.publicKey) {
      const { port } = this;
      this.logins += this.running.counts.logins;
      await this.running.stop();
      this.host = await this.newHost(key).listen(port, this.quirks.address);
    }
    this.running.faults.closeAtOnce = false;
  }

  private goDown(): void {
    this.running.faults.closeAtOnce = true;
    this.running.dropConnections();
  }

  private later(ms: number, what: () => void): void {
    const timer = setTimeout(() => {
      what();
      this.timers.delete(timer);
    }, ms);
    this.timers.add(timer);
  }

  private newHost(key = this.quirks.hostKeys?.[this.system] ?? makeKey()): SshHost {
    return new SshHost([key], {
      authorizedKey: this.key.publicKey,
      onExec: (request) => this.answer(request),
    });
  }

  private answer(request: ExecRequest): Reply | Promise<Reply> {
    this.heard.push(request.command, request.stdin);
    // The connection broke before the script was there: sh reads all of it first, so nothing runs.
    if (request.command.endsWith("sh -s") && request.script === "") return { hang: true };
    const command = commandOf(request);
    if (command === undefined) {
      this.violations.push(`a script that this model does not know: ${request.command}\n${request.script}`);
      return { exitCode: 127, stderr: "this model does not know the script\n" };
    }
    const step = this.note(command.name);
    if (this.held?.step === step) return this.held.until.then(() => command.play(this, request));
    if (this.fault?.step !== step) return command.play(this, request);
    const { kind } = this.fault;
    this.fault = undefined;
    this.faultFired = true;
    return this.fail(kind, () => command.play(this, request));
  }

  private note(name: string): string {
    const step = `${name} in ${this.system}`;
    const count = this.steps.filter((earlier) => earlier.startsWith(`${step} #`)).length + 1;
    this.steps.push(`${step} #${count}`);
    if (this.watched?.step === `${step} #${count}`) this.watched.resolve();
    return `${step} #${count}`;
  }

  private fail(kind: FaultKind, play: () => Reply): Reply {
    switch (kind) {
      case "exit code":
        return { exitCode: 1, stderr: "this fault was made by the test\n" };
      case "cut before":
        return { cutAfterBytes: 0 };
      case "cut in the middle": {
        // The host did all of it; the client hears half.
        const { stdout = "" } = play();
        return { stdout, cutAfterBytes: Math.floor(stdout.length / 2) };
      }
      case "silence":
        this.running.freeze();
        return { hang: true };
      case "garbage":
        return { stdout: '\u0000\u001b[2J{"}}\ufffd\n@@end\n$(reboot)\n', exitCode: 0 };
    }
  }

  private get running(): SshHost {
    if (this.host === undefined) throw new Error("the machine is not started");
    return this.host;
  }
}
