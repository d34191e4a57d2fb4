import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import { hostProbe, parseHostFacts, type HostFacts, type Mount } from "../host/facts";
import { parseSections, section, text, type Sections } from "../host/probe";
import { bootDefaultProbe, parseBootDefault, type BootDefault } from "./boot-default";
import { parseInstallReceipt, type InstallReceipt } from "./receipt";
import { wentDownInCopy } from "./unflushed";

/** What one probe saw of a machine that is, or is to become, a NixOS host. */
export interface NixosFacts extends HostFacts {
  /** /run/booted-system, or empty. */
  bootedSystem: string;
  /** /run/current-system, or empty. */
  currentSystem: string;
  /** Kernel, initrd, parameters and init interface of the booted system, as one comparable text. */
  bootedFiles: string;
  /** The same of the declared toplevel; empty while the host does not have it. */
  wantedFiles: string;
  /** A copy into the running system's store was not flushed when the machine went down. */
  wentDownInCopy: boolean;
  /** The running system's store and profile. */
  live: SystemRoot;
  receipt: InstallReceipt | undefined;
  /** The system that is being installed under /mnt. */
  target: SystemRoot & { mounted: boolean };
}

export interface SystemRoot {
  profile: string;
  bootDefault: BootDefault;
  /** The declared toplevel is valid in this root's store. */
  hasWanted: boolean;
}

export interface NixosQuestion {
  toplevel: string;
  devices: readonly string[];
}

/** What the whole install needs of the old system and of the installer. */
const installTools = ["tar", "gzip", "cpio", "sha256sum", "lsblk", "awk", "setsid"];
export const uploadFolder = "/root/.pulumi-immutable-os";

export function nixosProbe(question: NixosQuestion): string {
  const wanted = quote(question.toplevel);
  const files = (system: string): string =>
    `[ -e ${system}/kernel ] && { readlink -f ${system}/kernel ${system}/initrd ${system}/kernel-modules; cat ${system}/kernel-params ${system}/init-interface-version; }`;
  return [
    hostProbe({ devices: question.devices, tools: installTools, freeSpaceOf: ["/root"] }),
    section("booted-system", "[ -e /run/booted-system ] && readlink -f /run/booted-system"),
    section("current-system", "[ -e /run/current-system ] && readlink -f /run/current-system"),
    section("booted-files", files("/run/booted-system")),
    section("wanted-files", files(wanted)),
    section(
      "live-profile",
      "[ -e /nix/var/nix/profiles/system ] && readlink -f /nix/var/nix/profiles/system",
    ),
    section("live-wanted", `[ -e ${wanted} ] && nix-store --check-validity ${wanted} && echo yes`),
    section("went-down-in-copy", `${wentDownInCopy} && echo yes`),
    bootDefaultProbe("live-", ""),
    section("mnt-mounted", "grep -q ' /mnt ' /proc/mounts && echo yes"),
    section(
      "mnt-profile",
      'p=/mnt/nix/var/nix/profiles; l=$(readlink $p/system) && case $l in /*) echo "$l";; *) readlink "$p/$l";; esac',
    ),
    section(
      "mnt-wanted",
      `[ -e /mnt${question.toplevel} ] && nix-store --store /mnt --check-validity ${wanted} && echo yes`,
    ),
    bootDefaultProbe("mnt-", "/mnt"),
  ].join("\n");
}

export function parseNixosFacts(output: string): NixosFacts {
  const sections = parseSections(output);
  return {
    ...parseHostFacts(sections),
    receipt: parseInstallReceipt(text(sections, "receipt")),
    bootedSystem: text(sections, "booted-system"),
    currentSystem: text(sections, "current-system"),
    bootedFiles: text(sections, "booted-files"),
    wantedFiles: text(sections, "wanted-files"),
    wentDownInCopy: text(sections, "went-down-in-copy") === "yes",
    live: systemRoot(sections, "live-"),
    target: { ...systemRoot(sections, "mnt-"), mounted: text(sections, "mnt-mounted") === "yes" },
  };
}

function systemRoot(sections: Sections, prefix: string): SystemRoot {
  return {
    profile: text(sections, `${prefix}profile`),
    bootDefault: parseBootDefault(sections, prefix),
    hasWanted: text(sections, `${prefix}wanted`) === "yes",
  };
}

export const ramFileSystems = ["tmpfs", "ramfs", "rootfs", "overlay"];
/** Where a system keeps what it is and what it must not lose. A disk that somebody mounted elsewhere proves nothing. */
const systemFolder = /^\/(nix|boot|efi|usr|etc|var|home|root|srv|opt|bin|sbin|lib\d*|persist\w*)(\/|$)/;

/**
 * Only what the machine cannot help showing counts, in both directions: os-release is a file that people edit. The
 * root is in RAM, `init=` is from a store, and nothing of the system stands on a disk. A NixOS with its root in RAM
 * and its /nix on a disk is none, whatever it calls itself.
 */
export function isInstaller(facts: NixosFacts): boolean {
  const root = rootOf(facts);
  return (
    root !== undefined &&
    ramFileSystems.includes(root.type) &&
    /\binit=\/nix\/store\//.test(facts.commandLine) &&
    systemOnDisk(facts).length === 0
  );
}

function rootOf(facts: NixosFacts): Mount | undefined {
  return facts.mounts.filter((mount) => mount.target === "/").at(-1);
}

/** The disks' file systems that the running system stands on. The layers of an overlay may be mounted anywhere. */
function systemOnDisk(facts: NixosFacts): Mount[] {
  const layered = rootOf(facts)?.type === "overlay";
  return facts.mounts.filter(
    ({ target, ...mount }) =>
      isOnDisk(mount) && !/^\/mnt(\/|$)/.test(target) && (layered || systemFolder.test(target)),
  );
}

/** Not the media that an installer comes on: a CD or a stick, and the image of a store that lies on it or in RAM. */
function isOnDisk({ source, type }: Pick<Mount, "source" | "type">): boolean {
  if (["iso9660", "udf"].includes(type)) return false;
  if (["squashfs", "erofs"].includes(type) && /^\/dev\/loop\d/.test(source)) return false;
  return source.startsWith("/dev/") || ["zfs", "bcachefs"].includes(type);
}

/** What writes to disks runs in the installer only. */
export function requireInstaller(facts: NixosFacts, phase: string): void {
  if (isInstaller(facts)) return;
  throw new HostError("not-in-installer", {
    what: `${phase} runs in the installer only; nothing was changed`,
    expected: "a system whose root is in RAM, with init= from a store, and nothing of it on a disk",
    seen: `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}, ${whereItStands(facts)}`,
    next: 'let install.phases begin with "kexec"',
  });
}

/** Why a system is, or is not, taken for an installer. */
export function whereItStands(facts: NixosFacts): string {
  const root = rootOf(facts);
  const onDisk = systemOnDisk(facts).filter((mount) => mount !== root);
  return [
    `/ on ${root === undefined ? "nothing" : `${root.source} (${root.type})`}`,
    ...onDisk.map(({ source, target, type }) => `${target} on ${source} (${type})`),
  ].join(", ");
}

/** Runs from a system profile of its own; /run/current-system is made by NixOS' activation and by nothing else. */
export function isNixos(facts: NixosFacts): boolean {
  return !isInstaller(facts) && facts.currentSystem.startsWith("/nix/store/");
}

/** The booted kernel, initrd and parameters are those of the declared system. */
export function bootFilesMatch(facts: NixosFacts): boolean {
  return facts.wantedFiles !== "" && facts.bootedFiles === facts.wantedFiles;
}

/**
 * The toplevel that the booted kernel, initrd and parameters stand for. After a live switch /run/booted-system still
 * names the older toplevel, although a reboot would bring exactly the same kernel, initrd and parameters again.
 */
export function bootedToplevel(facts: NixosFacts, declared: string): string {
  return bootFilesMatch(facts) ? declared : facts.bootedSystem;
}
