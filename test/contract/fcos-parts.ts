// Part of a stand-in for an ostree machine: what it is made of.
import { createHash } from "node:crypto";

export const stateroot = "fedora-coreos";
const repository = "registry.test:5000/fcos/web";

export interface PlayedKernel {
  release: string;
  /** Bytes; undefined: the file is not there. */
  vmlinuz?: number | undefined;
  initramfs?: number | undefined;
  modulesDep?: boolean;
}

/** An image in the registry. */
export interface PlayedImage {
  digest: string;
  kernels: PlayedKernel[];
  architecture?: string;
  /** What `uname -r` says when it runs; default: its first kernel. */
  runsKernel?: string;
  /** How it comes up. "panic": never; "no network": it runs, and nobody can reach it; "falls back": the boot loader starts the next one. */
  boots?: "well" | "panic" | "no network" | "falls back";
  /** Units that do not come up with it. */
  failedUnits?: string[];
  /** Files of /usr/etc. */
  etc?: Record<string, string>;
}

export interface PlayedDeployment {
  image: PlayedImage;
  /** As the driver prints it; empty: no container image made it. */
  reference: string;
  checksum: string;
  serial: number;
  pinned: boolean;
  unlocked: "none" | "development" | "hotfix" | "transient";
  /** What somebody layered here, under rpm-ostree's own keys. */
  layering: Record<string, unknown[]>;
  kargs: string[];
}

export const nameOf = ({ checksum, serial }: PlayedDeployment): string => `${checksum}.${serial}`;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Of vmlinuz and initramfs, as ostree names their folder in /boot. */
export const bootChecksum = ({ image }: PlayedDeployment): string =>
  sha256(JSON.stringify(image.kernels[0] ?? {}));

let images = 0;

export const wholeKernel = (release: string): PlayedKernel => ({
  release,
  vmlinuz: 12_000_000,
  initramfs: 40_000_000,
  modulesDep: true,
});

export function newImage(release: string, changes: Partial<PlayedImage> = {}): PlayedImage {
  const digest = `sha256:${sha256(`image ${++images} of ${process.pid}`)}`;
  return { digest, kernels: [wholeKernel(release)], ...changes };
}

export const referenceOf = ({ digest }: PlayedImage): string => `${repository}@${digest}`;

export const usualKargs = ["mitigations=auto,nosmt", "ignition.platform.id=metal", "rw"];

export function deploymentOf(image: PlayedImage, changes: Partial<PlayedDeployment> = {}): PlayedDeployment {
  return {
    image,
    reference: `ostree-unverified-registry:${referenceOf(image)}`,
    checksum: sha256(image.digest),
    serial: 0,
    pinned: false,
    unlocked: "none",
    layering: {},
    kargs: usualKargs,
    ...changes,
  };
}

export interface FcosQuirks {
  /** Front ends that it does not have. */
  without?: readonly ("rpm-ostree" | "bootc")[];
  architecture?: string;
  /** Free bytes of /boot and of /sysroot. */
  free?: { boot: number; sysroot: number };
  /** ostree's own words, when it cannot finalize: at once, or only while the machine goes down. */
  finalizeFails?: { words: string; when: "now" | "shutdown" };
  /** Writes boot entries without their initrd line, and says nothing. */
  entriesWithoutInitrd?: boolean;
  /** `systemctl reboot` is taken, and nothing follows. */
  doesNotReboot?: boolean;
}
