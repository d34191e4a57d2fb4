import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { HostSession } from "./session";

/**
 * What was done to this machine, kept by the machine: after a SIGKILL of the client the engine knows nothing.
 * Each kind of host adds fields of its own. `machine` is written first: the lease's script looks for it there.
 */
export interface Receipt {
  machine: string;
  attempts: Attempt[];
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

/** What every host's receipt has; `own` reads what only one kind of host writes. */
export function parseReceipt(json: string): Receipt | undefined;
export function parseReceipt<Own extends object>(
  json: string,
  own: (written: Readonly<Record<string, unknown>>) => Own,
): (Receipt & Own) | undefined;
export function parseReceipt(
  json: string,
  own?: (written: Readonly<Record<string, unknown>>) => object,
): Receipt | undefined {
  try {
    const written = JSON.parse(json) as Record<string, unknown> & Partial<Receipt>;
    if (typeof written.machine !== "string") return undefined;
    return { machine: written.machine, ...own?.(written), attempts: written.attempts ?? [] };
  } catch {
    return undefined;
  }
}

export interface ReceiptPlace {
  installer: boolean;
  mounted: boolean;
}

/** A system that runs from its own disk. */
const ownDisk: ReceiptPlace = { installer: false, mounted: false };

/** Writes the receipt, and believes that it is there when the host has read it back. */
export async function keepReceipt(
  session: Pick<HostSession, "run">,
  receipt: Receipt,
  place: ReceiptPlace = ownDisk,
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

export function withAttempt<Kept extends Receipt>(receipt: Kept, attempt: Attempt): Kept {
  return { ...receipt, attempts: [...receipt.attempts, attempt].slice(-5) };
}

/** Two resources must not deploy to one machine; `ifGone` says what to do when the other one is there no more. */
export function refuseForeignReceipt(machine: string, receipt: Receipt | undefined, ifGone: string): void {
  if (receipt === undefined || receipt.machine === machine) return;
  throw new HostError("foreign-machine", {
    what: "this machine holds the receipt of another resource; nothing was changed",
    expected: `machine "${machine}"`,
    seen: `machine "${receipt.machine}"`,
    next: `check connection.host; two resources must not deploy to one machine. If the other one is gone for good: ${ifGone}`,
  });
}
