import { bytes } from "../core/format";
import { HostError } from "../core/errors";
import type { Disk, DiskPart } from "../host/disks";
import type { ReceiptDisk } from "../host/receipt";
import type { DiskRecord } from "./context";
import type { NixosFacts } from "./facts";
import type { DeclaredDisk } from "./spec";

/** The disk that a declared path names now. */
export function findDisk(facts: NixosFacts, device: string): Disk | undefined {
  const path = facts.devices[device];
  return facts.disks.find((disk) => disk.path === path);
}

export function recordDisks(facts: NixosFacts, declared: readonly DeclaredDisk[]): DiskRecord[] {
  return declared.flatMap(({ device }) => {
    const disk = findDisk(facts, device);
    if (disk === undefined) return [];
    const { serial, wwn, model, sizeBytes } = disk;
    return [{ device, serial, wwn, model, sizeBytes, holds: contentOf(disk) }];
  });
}

/** Every way in which a disk is not the declared one. Empty: it is. */
export function identityProblems(
  facts: NixosFacts,
  declared: readonly DeclaredDisk[],
  before: readonly ReceiptDisk[] = [],
): string[] {
  const problems = declared.flatMap((wanted) => {
    const disk = findDisk(facts, wanted.device);
    if (disk === undefined) return [notADisk(facts, wanted.device)];
    const known = before.find((record) => record.device === wanted.device);
    return [
      // What is declared counts; what the old system saw stands in where nothing is.
      differs(wanted.device, "serial", wanted.serial ?? known?.serial, disk.serial),
      differs(wanted.device, "wwn", wanted.wwn ?? known?.wwn, disk.wwn),
      differs(wanted.device, "size", wanted.sizeBytes ?? known?.sizeBytes, disk.sizeBytes),
      disk.readOnly ? `${wanted.device} is read-only` : "",
    ].filter((problem) => problem !== "");
  });
  const paths = declared.map((disk) => facts.devices[disk.device]).filter((path) => path !== undefined);
  if (new Set(paths).size < paths.length) problems.push("two of the declared disks are the same disk");
  return [...new Set(problems)];
}

/** Whatever still uses a disk that is to be wiped. */
export function usageProblems(facts: NixosFacts, declared: readonly DeclaredDisk[]): string[] {
  return declared.flatMap((wanted) => {
    const disk = findDisk(facts, wanted.device);
    return (disk?.parts ?? []).flatMap((part) => [
      ...(part.mountpoint && part.mountpoint !== "[SWAP]"
        ? [`${part.path} on ${wanted.device} is mounted at ${part.mountpoint}`]
        : []),
      ...(isSwap(part, facts) ? [`${part.path} on ${wanted.device} is in use as swap`] : []),
    ]);
  });
}

/** /proc/swaps names a device-mapper node, lsblk its other name: either one tells. */
export function isSwap(part: DiskPart, facts: NixosFacts): boolean {
  return part.mountpoint === "[SWAP]" || facts.swaps.includes(part.path);
}

export function requireDisks(
  facts: NixosFacts,
  declared: readonly DeclaredDisk[],
  before: readonly ReceiptDisk[] | undefined,
): void {
  const wrong = identityProblems(facts, declared, before);
  if (wrong.length > 0) {
    throw new HostError("wrong-disk", {
      what: "the disks are not the declared ones; nothing was changed on them",
      expected: declared.map((disk) => JSON.stringify(disk)).join(", "),
      seen: wrong.join("; "),
      next: "declare the serial or wwn of the right disk in install.disks, or name the disks by a stable path below /dev/disk/by-id",
    });
  }
  const used = usageProblems(facts, declared);
  if (used.length > 0) {
    throw new HostError("disk-in-use", {
      what: "a disk that would be wiped is in use; nothing was changed on it",
      expected: "no file system of it mounted, no swap on it",
      seen: used.join("; "),
      next: "unmount it in the installer, or reboot the machine and run pulumi up again",
    });
  }
}

export function describeDisk(record: DiskRecord): string {
  const names = [record.model, record.serial && `serial ${record.serial}`, bytes(record.sizeBytes)].filter(
    Boolean,
  );
  return `${record.device} (${names.join(", ")}; ${record.holds})`;
}

function contentOf(disk: Disk): string {
  const parts = disk.parts.map((part) =>
    [
      part.fileSystem || part.type,
      part.label && `"${part.label}"`,
      part.mountpoint && `at ${part.mountpoint}`,
    ]
      .filter(Boolean)
      .join(" "),
  );
  return parts.length === 0 ? "empty" : `holds ${parts.join(", ")}`;
}

function differs(
  device: string,
  what: string,
  wanted: string | number | undefined,
  seen: string | number,
): string {
  return wanted === undefined || wanted === "" || wanted === seen
    ? ""
    : `${device} has ${what} ${seen || "(none)"}, not ${wanted}`;
}

function notADisk(facts: NixosFacts, device: string): string {
  const path = facts.devices[device];
  const known = facts.disks.map((disk) => disk.path).join(", ");
  return path === undefined
    ? `${device} does not exist (disks here: ${known})`
    : `${device} is ${path}, which is no whole disk`;
}
