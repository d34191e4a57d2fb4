import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import { contentChange, contentInWords, contentOf } from "../host/disk-content";
import type { Disk } from "../host/disks";
import type { DiskRecord } from "./context";
import { usageOf } from "./disk-usage";
import type { NixosFacts } from "./facts";
import { findDisk } from "./find-disk";
import type { ReceiptDisk } from "./receipt";
import type { DeclaredDisk, NixosSpec } from "./spec";

export { findDisk } from "./find-disk";

/** What the program and its layout ask of the disks. */
export interface DiskDemands {
  disks: readonly DeclaredDisk[];
  /** Disks that the layout uses and never wipes. */
  kept: readonly string[];
  /** Device → bytes that its partitions of a fixed size take. */
  leastBytes: Readonly<Record<string, number>>;
}

export function demandsOf({ disks, inputs }: Pick<NixosSpec, "disks" | "inputs">): DiskDemands {
  return { disks, kept: inputs.layout.kept, leastBytes: inputs.__needs.diskBytes ?? {} };
}

export function recordDisks(facts: NixosFacts, declared: readonly DeclaredDisk[]): DiskRecord[] {
  return declared.flatMap(({ device }) => {
    const disk = findDisk(facts, device);
    if (disk === undefined) return [];
    const { serial, wwn, model, sizeBytes } = disk;
    const content = contentOf(disk, facts.disks);
    const holds = contentInWords(disk);
    return [{ device, serial, wwn, model, sizeBytes, holds, ...(content && { content }) }];
  });
}

/** Every way in which a disk is not the declared one. Empty: it is. */
export function identityProblems(
  facts: NixosFacts,
  demands: DiskDemands,
  before: readonly ReceiptDisk[] = [],
): string[] {
  const problems = demands.disks.flatMap((wanted) => {
    const disk = findDisk(facts, wanted.device);
    if (disk === undefined) return [notADisk(facts, wanted.device)];
    const known = before.find((record) => record.device === wanted.device);
    // Tools and kernels of different age call one disk differently: one strong name that agrees is enough.
    const names = known !== undefined && sharesName(disk, known) ? undefined : known;
    return [
      // What is declared counts; what the old system saw stands in where nothing is.
      differs(wanted.device, "serial", wanted.serial ?? names?.serial, disk.serial),
      differs(wanted.device, "wwn", wanted.wwn ?? names?.wwn, disk.wwn),
      differs(wanted.device, "model", wanted.model ?? (disk.model && known?.model), disk.model, sameModel),
      differs(wanted.device, "size", wanted.sizeBytes ?? known?.sizeBytes, disk.sizeBytes),
      tooSmall(wanted.device, demands.leastBytes[wanted.device] ?? 0, disk),
      ...readOnly(wanted.device, disk),
    ].filter((problem) => problem !== "");
  });
  return [...new Set([...problems, ...twoNames(facts, demands)])];
}

/** A disk that holds something else than it did when its wipe was agreed to. */
export function contentProblems(
  facts: NixosFacts,
  { disks }: Pick<DiskDemands, "disks">,
  before: readonly ReceiptDisk[],
): string[] {
  return disks.flatMap(({ device }) => {
    const disk = findDisk(facts, device);
    const known = before.find((record) => record.device === device);
    if (disk === undefined || known === undefined) return [];
    const change = contentChange(known.content, contentOf(disk, facts.disks));
    if (change === "") return [];
    const was = known.holds === undefined ? "" : ` (it was: ${known.holds})`;
    return [`${device} ${contentInWords(disk)}${was}; ${change}`];
  });
}

/** The last look before disko: the right disks, and nobody uses them. */
export function requireDisks(
  facts: NixosFacts,
  demands: DiskDemands,
  before: readonly ReceiptDisk[] | undefined,
): void {
  const wrong = identityProblems(facts, demands, before);
  if (wrong.length > 0) {
    throw new HostError("wrong-disk", {
      what: "the disks are not the declared ones; nothing was changed on them",
      expected: demands.disks.map((disk) => JSON.stringify(disk)).join(", "),
      seen: wrong.join("; "),
      next: "declare the serial or wwn of the right disk in install.disks, or name the disks by a stable path below /dev/disk/by-id",
    });
  }
  const used = usageOf(facts, demands.disks);
  if (used.length > 0) {
    const commands = [...new Set(used.map((usage) => usage.release))].filter((command) => command !== "");
    throw new HostError("disk-in-use", {
      what: "a disk of the layout is in use; nothing was changed on it",
      expected: "no file system mounted from it, no swap on it, no LVM, RAID, ZFS, encryption on it active",
      seen: used.map((usage) => usage.what).join("; "),
      next: `look who needs it; then, on the machine as it runs now: ${commands.join("; ") || "free it"}. Then run pulumi up again`,
    });
  }
}

/** Something came to the disks, or went from them, since somebody agreed to their wipe. */
export function requireSameContent(
  facts: NixosFacts,
  demands: DiskDemands,
  before: readonly ReceiptDisk[],
  next: string,
): void {
  const foreign = contentProblems(facts, demands, before);
  if (foreign.length === 0) return;
  throw new HostError("wrong-disk", {
    what: "a disk does not hold what it held when its wipe was agreed to; nothing was changed on it",
    expected: "the content that the preview and the old system showed",
    seen: foreign.join("; "),
    next,
  });
}

export function describeDisk(record: DiskRecord): string {
  const names = [record.model, record.serial && `serial ${record.serial}`, bytes(record.sizeBytes)].filter(
    Boolean,
  );
  return `${record.device} (${names.join(", ")}; ${record.holds})`;
}

function differs<Value extends string | number>(
  device: string,
  what: string,
  wanted: Value | undefined,
  seen: Value,
  same = (one: Value, other: Value): boolean => one === other,
): string {
  return wanted === undefined || wanted === "" || same(wanted, seen)
    ? ""
    : `${device} has ${what} ${seen || "(none)"}, not ${wanted}`;
}

function sharesName(disk: Disk, { serial, wwn }: ReceiptDisk): boolean {
  return (serial !== "" && serial === disk.serial) || (wwn !== "" && wwn === disk.wwn);
}

/** udev writes "_" for blanks; without udev the kernel's own 16 characters of it are all there is. */
function sameModel(one: string, other: string): boolean {
  const [a, b] = [one, other].map((model) => model.replaceAll(/[\s_]+/g, " ").trim()) as [string, string];
  return a === b || a.slice(0, 16).trim() === b || b.slice(0, 16).trim() === a;
}

function tooSmall(device: string, least: number, { sizeBytes }: Disk): string {
  return sizeBytes >= least
    ? ""
    : `${device} has ${bytes(sizeBytes)}, the layout needs at least ${bytes(least)}`;
}

function readOnly(device: string, disk: Disk): string[] {
  return [
    disk.readOnly ? `${device} is read-only` : "",
    ...disk.parts
      .filter((part) => part.readOnly && part.type === "part")
      .map((part) => `${part.path} on ${device} is read-only`),
  ];
}

/** Two declared paths, or a declared one and one to be kept, that lead to one disk. */
function twoNames(facts: NixosFacts, { disks, kept }: DiskDemands): string[] {
  const names = [...disks.map((disk) => disk.device), ...kept];
  return names.flatMap((name, index) => {
    const path = facts.devices[name];
    const other = names
      .slice(0, index)
      .find((earlier) => path !== undefined && facts.devices[earlier] === path);
    return other === undefined || other === name ? [] : [`${other} and ${name} are one disk, ${path}`];
  });
}

function notADisk(facts: NixosFacts, device: string): string {
  const path = facts.devices[device];
  const known = facts.disks.map((disk) => disk.path).join(", ");
  return path === undefined
    ? `${device} does not exist (disks here: ${known})`
    : `${device} is ${path}, which is no whole disk`;
}
