// Part of a stand-in for a machine: what it consists of.
import { randomUUID } from "node:crypto";
import type { DiskQuirks } from "./disk-quirks";
import type { ExecRequest, Reply, TestKey } from "./ssh-host";

export type System = "debian" | "installer" | "nixos";

/** What a toplevel stands for. */
export interface PlayedSystem {
  toplevel: string;
  kernel: string;
  /** Kernel, initrd and parameters: the same text for systems between which a live switch is possible. */
  bootFiles: string;
}

export interface Disk {
  device: string;
  serial: string;
  /** How often it was wiped. */
  wiped: number;
  /** Another number: other partitions and file systems. */
  generation: number;
  mounted: boolean;
  store: Set<string>;
  profile: string;
  bootEntry: { toplevel: string; kernelBytes: number; initrdBytes: number } | undefined;
  receipt: string;
  lease: string;
}

/** What is in memory, and gone with the boot. */
export interface Ram {
  bootId: string;
  receipt: string;
  lease: string;
  /** Runs whose lease was taken by another one. */
  over: Set<string>;
  store: Set<string>;
  bundle: string;
  unpacked: boolean;
  kexecLoaded: boolean;
  jobs: Map<string, { output: string; exitCode: number }>;
  /** LVM found volumes on the disk. */
  volumesActive: boolean;
  /** Probed since the boot: disks may only be wiped after that. */
  probed: boolean;
}

/** What this machine does wrong, for good. */
export interface Quirks extends DiskQuirks {
  /** Where it listens, instead of 127.0.0.1. */
  address?: string;
  kexecDoesNothing?: boolean;
  kernelAfterKexec?: string;
  hostKeys?: Partial<Record<System, TestKey>>;
  serialInInstaller?: string;
  mountedInInstaller?: boolean;
  writesNoBootEntry?: boolean;
  writesEmptyInitrd?: boolean;
  bootsInstead?: PlayedSystem;
  jobs?: Record<string, { output: string; exitCode: number }>;
  /** A client that died left this job at work. */
  jobAtWork?: string;
  /** As `uname -m` says it. */
  architecture?: string;
  /** Somebody edited it: the same in every system. */
  osRelease?: string;
  /** The installed system has its root in RAM, and its /nix on the disk. */
  rootInRam?: boolean;
}

/** What one of the product's scripts, or commands, does to a machine. */
export interface Rule {
  name: string | ((match: RegExpExecArray) => string);
  /** Of the script, or of the command where there is no script. */
  pattern: RegExp;
  play(machine: PlayedMachine, match: RegExpExecArray, request: ExecRequest): Reply;
}

/** What commands and the probe may see and change of a machine. */
export interface PlayedMachine {
  readonly system: System;
  readonly booted: PlayedSystem | undefined;
  current: string | undefined;
  readonly ram: Ram;
  readonly disk: Disk;
  readonly otherDisk: { device: string; serial: string };
  readonly quirks: Quirks;
  readonly systems: ReadonlyMap<string, PlayedSystem>;
  readonly mayKexec: ReadonlySet<System>;
  readonly receipts: string[];
  /** Every lease that was taken or renewed: where, and by which run. */
  readonly leases: string[];
  readonly violations: string[];
  /** What the running system's /nix/store holds. */
  readonly liveStore: Set<string>;
  kernel(): string;
  /** Goes down after a moment, and comes up as something else. */
  leaveFor(system: System): void;
  /** From the disk: nothing comes up where the boot loader has nothing whole to start. */
  rebootFromDisk(): void;
}

export const bundleText = "kexec/{run,kexec,bzImage,initrd} as text\n".repeat(200);
export const kernels = { debian: "6.1.0-50-amd64", installer: "6.12.20-installer" } as const;
export const installerInit = "/nix/store/11111111111111111111111111111111-nixos-system-installer/init";

export function bootEntry(toplevel: string): NonNullable<Disk["bootEntry"]> {
  return { toplevel, kernelBytes: 11_000_000, initrdBytes: 22_000_000 };
}

export function freshRam(): Ram {
  return {
    bootId: randomUUID(),
    receipt: "",
    lease: "",
    over: new Set(),
    store: new Set(),
    bundle: "",
    unpacked: false,
    kexecLoaded: false,
    jobs: new Map(),
    volumesActive: false,
    probed: false,
  };
}
