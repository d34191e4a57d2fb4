// Part of a stand-in for a machine: what it consists of.
import { randomUUID } from "node:crypto";
import type { TestKey } from "./ssh-host";

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
  mounted: boolean;
  store: Set<string>;
  profile: string;
  bootEntry: { toplevel: string; kernelBytes: number; initrdBytes: number } | undefined;
  receipt: string;
}

/** What is in memory, and gone with the boot. */
export interface Ram {
  bootId: string;
  receipt: string;
  store: Set<string>;
  bundle: string;
  unpacked: boolean;
  kexecLoaded: boolean;
  jobs: Map<string, { output: string; exitCode: number }>;
  /** Probed since the boot: disks may only be wiped after that. */
  probed: boolean;
}

/** What this machine does wrong, for good. */
export interface Quirks {
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
    store: new Set(),
    bundle: "",
    unpacked: false,
    kexecLoaded: false,
    jobs: new Map(),
    probed: false,
  };
}
