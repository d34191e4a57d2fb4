import { quote } from "../core/quote";
import { section, text, type Sections } from "./probe";
import { parseReceipt, receiptPaths, type Receipt } from "./receipt";

/** What one probe saw of any Linux machine, whatever it runs. Absent things are empty, never guessed. */
export interface SystemFacts {
  bootId: string;
  kernelRelease: string;
  architecture: string;
  commandLine: string;
  osRelease: { id: string; variantId: string; versionId: string; prettyName: string };
  machineId: string;
  uid: number;
  /** Name of the container technology, or empty. */
  container: string;
  memoryKiB: number;
  bootMode: "uefi" | "bios";
  /** Which of the asked tools are missing. */
  missingTools: string[];
  /** Free space in KiB of the folders asked for. */
  freeKiB: Record<string, number>;
  failedUnits: string[];
  receipt: Receipt | undefined;
}

export interface SystemQuestion {
  tools: readonly string[];
  freeSpaceOf: readonly string[];
}

export function systemProbe(question: SystemQuestion): string {
  return [
    section("boot_id", "cat /proc/sys/kernel/random/boot_id"),
    section("kernel", "uname -r"),
    section("arch", "uname -m"),
    section("cmdline", "cat /proc/cmdline"),
    section("os-release", "cat /etc/os-release || cat /usr/lib/os-release"),
    section("machine-id", "cat /etc/machine-id"),
    section("uid", "id -u"),
    section(
      "container",
      "systemd-detect-virt --container || cat /run/systemd/container || " +
        "{ [ -e /.dockerenv ] && echo docker; } || { [ -e /run/.containerenv ] && echo podman; }",
    ),
    section("memory", "sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"),
    section("efi", "[ -d /sys/firmware/efi ] && echo uefi"),
    section(
      "tools",
      question.tools.map((tool) => `command -v ${tool} >/dev/null || echo ${tool}`).join("; ") || ":",
    ),
    section(
      "free",
      `for d in ${question.freeSpaceOf.map(quote).join(" ") || "/"}; do echo "$(df -Pk "$d" | awk 'NR==2{print $4}') $d"; done`,
    ),
    section(
      "failed-units",
      "[ -d /run/systemd/system ] && systemctl list-units --failed --plain --no-legend --no-pager | cut -d' ' -f1",
    ),
    section("receipt", `for f in ${receiptPaths.join(" ")}; do [ -e $f ] && { cat $f; break; }; done`),
  ].join("\n");
}

export function parseSystemFacts(sections: Sections): SystemFacts {
  const os = parseOsRelease(text(sections, "os-release"));
  const container = text(sections, "container");
  return {
    bootId: text(sections, "boot_id"),
    kernelRelease: text(sections, "kernel"),
    architecture: text(sections, "arch"),
    commandLine: text(sections, "cmdline"),
    osRelease: {
      id: os["ID"] ?? "",
      variantId: os["VARIANT_ID"] ?? "",
      versionId: os["VERSION_ID"] ?? "",
      prettyName: os["PRETTY_NAME"] ?? os["NAME"] ?? "",
    },
    machineId: text(sections, "machine-id"),
    uid: Number.parseInt(text(sections, "uid") || "-1", 10),
    // systemd-detect-virt prints "none" and fails, then the next one of the list answers
    container: container.split("\n").filter((line) => line !== "none" && line !== "")[0] ?? "",
    memoryKiB: Number.parseInt(text(sections, "memory") || "0", 10),
    bootMode: text(sections, "efi") === "uefi" ? "uefi" : "bios",
    missingTools: lines(text(sections, "tools")),
    freeKiB: Object.fromEntries(
      Object.entries(pairs(text(sections, "free"))).map(([path, free]) => [
        path,
        Number.parseInt(free, 10) || 0,
      ]),
    ),
    failedUnits: lines(text(sections, "failed-units")),
    receipt: parseReceipt(text(sections, "receipt")),
  };
}

function parseOsRelease(content: string): Record<string, string> {
  return Object.fromEntries(
    [...content.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, key = "", value = ""]) => [
      key,
      value.replace(/^(["'])(.*)\1$/, "$2"),
    ]),
  );
}

/** Lines "value key" as key → value. */
export function pairs(content: string): Record<string, string> {
  return Object.fromEntries(
    lines(content).map((line) => {
      const space = line.indexOf(" ");
      return [line.slice(space + 1), line.slice(0, space)];
    }),
  );
}

export function lines(content: string): string[] {
  return content.split("\n").filter((line) => line !== "");
}
