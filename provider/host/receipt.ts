import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { DiskContent } from "./disk-content";
import type { HostSession } from "./session";

/**
 * What was done to this machine, kept by the machine: after a SIGKILL of the client the engine knows nothing.
 * It lives in the installer's RAM, and moves to the disk with the installed system.
 */
export interface Receipt {
  machine: string;
  /** Hash of machine, layout, disks and trigger: which install this is. */
  installKey: string;
  /** The disks as the old system saw them: what the installer must find again before it wipes them. */
  disks: ReceiptDisk[];
  done: string[];
  /** disko was started: from then on nobody can expect what was on the disks before. */
  wiping?: boolean;
  attempts: Attempt[];
}

export interface ReceiptDisk {
  device: string;
  serial: string;
  wwn: string;
  sizeBytes: number;
  /** Not in receipts of older versions. */
  model?: string;
  holds?: string;
  content?: DiskContent;
}

/** A failed attempt. */
export interface Attempt {
  at: string;
  phase: string;
  code: string;
}

const inRam = "/run/pulumi-immutable-os/receipt.json";
const onDisk = "/var/lib/pulumi-immutable-os/receipt.json";

/** Where a receipt may be; the first one counts: the installer's own is newer than the one on the disk. */
export const receiptPaths = [inRam, onDisk];

export function parseReceipt(json: string): Receipt | undefined {
  try {
    const receipt = JSON.parse(json) as Partial<Receipt>;
    if (typeof receipt.machine !== "string" || typeof receipt.installKey !== "string") return undefined;
    return {
      machine: receipt.machine,
      installKey: receipt.installKey,
      disks: receipt.disks ?? [],
      done: receipt.done ?? [],
      ...(receipt.wiping === true ? { wiping: true } : {}),
      attempts: receipt.attempts ?? [],
    };
  } catch {
    return undefined;
  }
}

export interface ReceiptPlace {
  installer: boolean;
  mounted: boolean;
}

/** Writes the receipt, and believes that it is there when the host has read it back. */
export async function keepReceipt(
  session: HostSession,
  receipt: Receipt,
  place: ReceiptPlace,
): Promise<void> {
  const written = await session.run(writeReceipt(receipt, place), { deadlineSeconds: 30 });
  const wanted = JSON.stringify(receipt);
  const lines = written.stdout.trim().split("\n");
  if (written.exitCode === 0 && lines.every((line) => line === wanted)) return;
  throw new HostError("command-failed", {
    what: "the receipt could not be written on the host",
    expected: wanted,
    seen: written.stderr.trim() || written.stdout.trim() || `exit code ${written.exitCode}`,
    next: "look at the space in /run and /var on the host, then run pulumi up again",
  });
}

/** Script that writes the receipt: to RAM in the installer, beside it to the mounted disk, else to the system's disk. */
export function writeReceipt(receipt: Receipt, place: ReceiptPlace): string {
  const targets = place.installer ? [inRam, ...(place.mounted ? [`/mnt${onDisk}`] : [])] : [onDisk];
  return targets
    .map(
      (path) => `mkdir -p "$(dirname ${path})"
printf '%s\\n' ${quote(JSON.stringify(receipt))} > ${path}.tmp && { sync ${path}.tmp 2>/dev/null; mv ${path}.tmp ${path} && cat ${path}; } || exit`,
    )
    .join("\n");
}

export function withAttempt(receipt: Receipt, attempt: Attempt): Receipt {
  return { ...receipt, attempts: [...receipt.attempts, attempt].slice(-5) };
}
