import type { Disk } from "./disks";

/** What lies on a disk, by identifiers that another boot does not change. A kind that could not be read is absent. */
export interface DiskContent {
  table?: string;
  partitions?: string[];
  fileSystems?: string[];
}

/**
 * A machine on which lsblk shows no identifier of a kind anywhere could not read that kind: an old version, or no udev.
 * An empty disk on such a machine is not known to be empty.
 */
export function contentOf(disk: Disk, all: readonly Disk[]): DiskContent | undefined {
  const parts = disk.parts.filter((part) => part.on === disk.path || part.path === disk.path);
  const every = all.flatMap((each) => each.parts);
  const content: DiskContent = {
    ...(all.some((each) => each.tableUuid) ? { table: disk.tableUuid } : {}),
    ...(every.some((part) => part.partUuid) ? { partitions: known(parts.map((part) => part.partUuid)) } : {}),
    ...(every.some((part) => part.uuid)
      ? { fileSystems: known(parts.map((part) => part.uuid && `${part.fileSystem} ${part.uuid}`)) }
      : {}),
  };
  return Object.keys(content).length === 0 ? undefined : content;
}

/** What came and what went, as far as both looks could see it. Empty: it is what it was. */
export function contentChange(before: DiskContent | undefined, now: DiskContent | undefined): string {
  const changes = [
    ...changed("partition table", one(before?.table), one(now?.table)),
    ...changed("partition", before?.partitions, now?.partitions),
    ...changed("", before?.fileSystems, now?.fileSystems),
  ];
  return changes.join(", ");
}

/** What is on a disk, in words. */
export function contentInWords(disk: Disk): string {
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

function changed(kind: string, before: readonly string[] | undefined, now: readonly string[] | undefined) {
  if (before === undefined || now === undefined) return [];
  const named = (item: string): string => [kind, item].filter(Boolean).join(" ");
  return [
    ...before.filter((item) => !now.includes(item)).map((item) => `${named(item)} is gone`),
    ...now.filter((item) => !before.includes(item)).map((item) => `${named(item)} is new`),
  ];
}

function one(table: string | undefined): string[] | undefined {
  return table === undefined ? undefined : known([table]);
}

function known(items: readonly string[]): string[] {
  return items.filter((item) => item !== "").sort();
}
