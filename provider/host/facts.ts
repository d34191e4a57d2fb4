import { quote } from "../core/quote";
import type { Disk } from "./disks";
import { lsblkScript, parseDisks } from "./disks";
import { parsePools, poolsScript, type Pool } from "./pools";
import { section, text, type Sections } from "./probe";
import {
  lines,
  pairs,
  parseSystemFacts,
  systemProbe,
  type SystemFacts,
  type SystemQuestion,
} from "./system-facts";

/** What one probe saw of a machine that may be installed anew: its disks, and whether kexec can leave it. */
export interface HostFacts extends SystemFacts {
  kexec: { loadDisabled: boolean; loaded: boolean; lockdown: string };
  mounts: Mount[];
  swaps: string[];
  disks: Disk[];
  /** ZFS pools that are imported. */
  pools: Pool[];
  /** Declared device path → the kernel's name for it now, or empty when there is no such device. */
  devices: Record<string, string>;
}

export interface Mount {
  source: string;
  target: string;
  type: string;
}

export interface ProbeQuestion extends SystemQuestion {
  devices: readonly string[];
}

export function hostProbe(question: ProbeQuestion): string {
  const devices = question.devices.map(quote).join(" ");
  return [
    systemProbe(question),
    section("kexec_load_disabled", "cat /proc/sys/kernel/kexec_load_disabled"),
    section("kexec_loaded", "cat /sys/kernel/kexec_loaded"),
    section("lockdown", "cat /sys/kernel/security/lockdown"),
    section("mounts", "cat /proc/mounts"),
    section("swaps", "sed 1d /proc/swaps"),
    section("lsblk", lsblkScript),
    section("pools", poolsScript),
    section(
      "devices",
      `for d in ${devices || "''"}; do [ -n "$d" ] && [ -b "$d" ] && echo "$(readlink -f "$d") $d"; done`,
    ),
  ].join("\n");
}

export function parseHostFacts(sections: Sections): HostFacts {
  return {
    ...parseSystemFacts(sections),
    kexec: {
      loadDisabled: text(sections, "kexec_load_disabled") === "1",
      loaded: text(sections, "kexec_loaded") === "1",
      lockdown: /\[(\w+)\]/.exec(text(sections, "lockdown"))?.[1] ?? "none",
    },
    mounts: lines(text(sections, "mounts")).map(parseMount),
    swaps: lines(text(sections, "swaps")).map((line) => line.split(/\s+/)[0] ?? ""),
    disks: parseDisks(text(sections, "lsblk")),
    pools: parsePools(text(sections, "pools")),
    devices: pairs(text(sections, "devices")),
  };
}

function parseMount(line: string): Mount {
  const [source = "", target = "", type = ""] = line.split(" ");
  return { source, target: target.replaceAll("\\040", " "), type };
}
