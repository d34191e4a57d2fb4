import { createHash } from "node:crypto";
import { passphrasesOf, type BootUnlock } from "./boot-unlock";
import type { DiskoMode } from "./disko-mode";
import { layoutOf, type Layout } from "./layout";
import { diskBytesOf } from "./layout-size";
import { diskoModes } from "./schema";

/** What a configuration says about the machine, without building anything. */
export interface Evaluation {
  toplevel: string;
  kernelRelease: string;
  /** Hash of what only a reboot can change: kernel, initrd, parameters. */
  bootKey: string;
  diskoScript: string;
  layout: Layout;
  needs: MachineNeeds;
}

/** What a machine must be for the system to run on it; empty: nothing is known. */
export interface MachineNeeds {
  /** Nix's name, such as x86_64-linux. */
  system: string;
  bootMode: "uefi" | "bios" | "";
  /** Device → bytes that its partitions of a fixed size take. */
  diskBytes?: Record<string, number>;
  /** Encrypted devices for which the boot would wait for a passphrase. */
  passphrases?: string[];
}

/** What Nix answers; see expression.ts. */
export interface RawEvaluation {
  toplevel: string;
  kernelRelease: string;
  kernel: string;
  modules: string;
  initrd: string;
  kernelParams: string[];
  diskoScript: string;
  /** The scripts of disko's other modes; empty where this disko has none. */
  formatScript: string;
  mountScript: string;
  unlock?: BootUnlock;
  devices: Parameters<typeof layoutOf>[0];
  needs: MachineNeeds;
}

export function digest(raw: RawEvaluation, mode: DiskoMode): Evaluation {
  const scripts = { disko: raw.diskoScript, format: raw.formatScript, mount: raw.mountScript };
  const diskBytes = diskBytesOf(raw.devices);
  const passphrases = passphrasesOf(raw.unlock, raw.devices);
  return {
    toplevel: raw.toplevel,
    kernelRelease: raw.kernelRelease,
    bootKey: bootKey(raw.kernel, raw.modules, raw.initrd, raw.kernelParams.join(" ")),
    diskoScript: scripts[mode],
    layout: layoutOf(raw.devices),
    needs: {
      ...raw.needs,
      ...(Object.keys(diskBytes).length > 0 ? { diskBytes } : {}),
      ...(passphrases.length > 0 ? { passphrases } : {}),
    },
  };
}

export function bootKey(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

/** Of an input that `check` has not seen yet: a mode that there is not is named there. */
export function diskoModeOf(value: unknown): DiskoMode {
  return diskoModes.find((mode) => mode === value) ?? "disko";
}
