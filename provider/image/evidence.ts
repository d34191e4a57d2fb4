import { quote } from "../core/quote";
import { parseSections, section, text, type Sections } from "../host/probe";
import {
  architectureOf,
  initramfsScript,
  lines,
  lintScript,
  parseInitramfs,
  parseLint,
  parseTopLevel,
  requireWhole,
  topLevelScript,
  wholeScript,
  type InitramfsLook,
} from "./image-look";
import type { ImageInputs } from "./schema";
import type { ImageConfig, InitramfsRecord, LintRun, TopLevelEntry } from "./types";

/** What the finished image is asked to be. */
export interface Wanted {
  kernelRelease: string;
  /** RPM's word; empty: the base's own. */
  architecture: string;
  /** dracut modules that the program leaves out. */
  omitModules: readonly string[];
}

export function wantedOf({ kernelRelease, platform, dracut }: ImageInputs): Wanted {
  return {
    kernelRelease,
    architecture: platform === undefined ? "" : architectureOf(platform),
    omitModules: dracut?.omitModules ?? [],
  };
}

/** All that the inspections look at, seen in the finished image. Absent things are empty, never guessed. */
export interface Evidence {
  kernelFolders: readonly KernelFolder[];
  /** The package that owns the wanted kernel's image. */
  kernelPackage: KernelPackage | undefined;
  hasRpm: boolean;
  initramfs: InitramfsLook;
  /** Of modules.dep, in bytes. */
  moduleIndexBytes: number;
  bootContent: readonly string[];
  /** What a transaction of rpm-ostree left in the place of system tools. */
  savedTools: readonly string[];
  topLevel: readonly TopLevelEntry[];
  /** Text of `.vmlinuz.hmac`. */
  hmac: string;
  extraModules: readonly ExtraModule[];
  hasModinfo: boolean;
  lint: LintRun | undefined;
  config: ImageConfig;
}

export interface KernelFolder {
  release: string;
  /** Of its `vmlinuz`; `none`: a folder of modules without a kernel. */
  kernel: "file" | "link" | "none";
}

export interface KernelPackage {
  name: string;
  versionReleaseArch: string;
  /** Versions of its Provides that end in `-uname-r`. */
  unameReleases: readonly string[];
}

/** A module that did not come with the kernel. */
export interface ExtraModule {
  path: string;
  /** Empty: it could not be read. */
  vermagic: string;
}

const owner = "%{NAME}|%{VERSION}-%{RELEASE}.%{ARCH}|[%{PROVIDENAME}=%{PROVIDEVERSION} ]";

/** One look into the finished image. It runs inside of it, on stdin of its `sh`, and changes nothing. */
export function evidenceScript({ kernelRelease }: Wanted): string {
  return wholeScript([
    `kver=${quote(kernelRelease)}`,
    "modules=/usr/lib/modules/$kver",
    section(
      "kernel-folders",
      `for folder in /usr/lib/modules/*; do [ -d "$folder" ] || continue; kernel=none; [ ! -f "$folder/vmlinuz" ] || kernel=file; [ ! -L "$folder/vmlinuz" ] || kernel=link; echo "$kernel|\${folder##*/}"; done`,
    ),
    section("rpm", "command -v rpm > /dev/null && echo yes"),
    section(
      "kernel-owner",
      `rpm -qf --qf 'owner|${owner}\\n' "$modules/vmlinuz" | grep '^owner|' | head -n 1`,
    ),
    section("modules.dep", `stat -c %s "$modules/modules.dep"`),
    ...initramfsScript,
    section("boot", "find /boot -mindepth 1 | sort | head -n 20"),
    section("saved-tools", "ls -d /usr/bin/*.rpmostreesave /usr/sbin/*.rpmostreesave | sort -u"),
    section("hmac", `cat "$modules/.vmlinuz.hmac"`),
    section("modinfo", "command -v modinfo > /dev/null && echo yes"),
    section(
      "extra-modules",
      `cd "$modules" && find extra updates weak-updates -name '*.ko*' | sort | while read -r module; do echo "$module|$(modinfo -F vermagic "$modules/$module")"; done`,
    ),
    topLevelScript,
    lintScript,
  ]);
}

export function parseEvidence(output: string, config: ImageConfig): Evidence {
  const sections = parseSections(output);
  requireWhole(sections, "bootc-lint", "the finished image");
  return {
    kernelFolders: lines(text(sections, "kernel-folders")).map(kernelFolder),
    kernelPackage: kernelPackage(sections),
    hasRpm: text(sections, "rpm") === "yes",
    initramfs: parseInitramfs(sections),
    moduleIndexBytes: Number.parseInt(text(sections, "modules.dep") || "0", 10),
    bootContent: lines(text(sections, "boot")),
    savedTools: lines(text(sections, "saved-tools")),
    topLevel: parseTopLevel(sections),
    hmac: text(sections, "hmac"),
    extraModules: lines(text(sections, "extra-modules")).map((line) => {
      const [path = "", vermagic = ""] = line.split("|");
      return { path, vermagic: vermagic.trim() };
    }),
    hasModinfo: text(sections, "modinfo") === "yes",
    lint: parseLint(sections),
    config,
  };
}

function kernelFolder(line: string): KernelFolder {
  const [kernel, release = ""] = line.split("|");
  return { release, kernel: kernel === "file" || kernel === "link" ? kernel : "none" };
}

function kernelPackage(sections: Sections): KernelPackage | undefined {
  const [, name, versionReleaseArch = "", provides = ""] = text(sections, "kernel-owner").split("|");
  if (name === undefined) return undefined;
  const unameReleases = [...provides.matchAll(/(\S+)-uname-r=(\S+)/g)].map(([, , release = ""]) => release);
  return { name, versionReleaseArch, unameReleases: [...new Set(unameReleases)] };
}

/** What the outputs say of the initramfs. */
export function initramfsRecord({ initramfs }: Evidence, { kernelRelease }: Wanted): InitramfsRecord {
  return {
    path: `/usr/lib/modules/${kernelRelease}/initramfs.img`,
    sizeBytes: initramfs.sizeBytes,
    sha256: initramfs.sha256,
    dracutModules: [...(initramfs.listing?.dracutModules ?? [])],
  };
}
