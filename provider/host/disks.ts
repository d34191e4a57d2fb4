/** A block device that is a disk, and everything that lies on it. */
export interface Disk {
  /** The kernel's name, such as /dev/vda: changes from boot to boot. */
  path: string;
  sizeBytes: number;
  serial: string;
  wwn: string;
  model: string;
  readOnly: boolean;
  /** UUID of the partition table. */
  tableUuid: string;
  parts: DiskPart[];
}

/** Anything stacked on a disk: partitions, LVM volumes, RAID members, encrypted containers. */
export interface DiskPart {
  path: string;
  /** What it lies on directly. */
  on: string;
  type: string;
  sizeBytes: number;
  readOnly: boolean;
  fileSystem: string;
  label: string;
  /** Of the file system, or of what else is written there. */
  uuid: string;
  partUuid: string;
  mountpoint: string;
}

interface LsblkDevice {
  name?: string;
  kname?: string | null;
  path?: string | null;
  type?: string | null;
  size?: number | string | null;
  ro?: boolean | string | null;
  serial?: string | null;
  wwn?: string | null;
  model?: string | null;
  fstype?: string | null;
  label?: string | null;
  partlabel?: string | null;
  mountpoint?: string | null;
  ptuuid?: string | null;
  uuid?: string | null;
  partuuid?: string | null;
  children?: LsblkDevice[];
}

const columns = "NAME,KNAME,TYPE,SIZE,RO,SERIAL,WWN,MODEL,FSTYPE,LABEL,PARTLABEL,MOUNTPOINT,UUID,PARTUUID";

/** An lsblk before util-linux 2.34 fails at the columns that it does not know, and would show no disk at all. */
export const lsblkScript =
  `if all=$(lsblk --json --bytes --output ${columns},PATH,PTUUID 2>/dev/null); then printf '%s\\n' "$all"; ` +
  `else lsblk --json --bytes --output ${columns}; fi`;

/** Reads `lsblk --json --bytes`; older versions give numbers and booleans as strings. No lsblk: no disks known. */
export function parseDisks(json: string): Disk[] {
  let parsed: { blockdevices?: LsblkDevice[] };
  try {
    parsed = JSON.parse(json) as { blockdevices?: LsblkDevice[] };
  } catch {
    return [];
  }
  return (parsed.blockdevices ?? [])
    .filter((device) => device.type === "disk")
    .map((device) => ({
      path: pathOf(device),
      sizeBytes: Number(device.size ?? 0),
      serial: (device.serial ?? "").trim(),
      wwn: device.wwn ?? "",
      model: (device.model ?? "").trim(),
      readOnly: isReadOnly(device),
      tableUuid: device.ptuuid ?? "",
      parts: [...own(device), ...descendants(device)],
    }));
}

/** A file system right on the disk, without partitions. */
function own(device: LsblkDevice): DiskPart[] {
  return device.fstype || device.mountpoint ? [part(device, "")] : [];
}

function descendants(device: LsblkDevice): DiskPart[] {
  return (device.children ?? []).flatMap((child) => [part(child, pathOf(device)), ...descendants(child)]);
}

function part(device: LsblkDevice, on: string): DiskPart {
  return {
    path: pathOf(device),
    on,
    type: device.type ?? "",
    sizeBytes: Number(device.size ?? 0),
    readOnly: isReadOnly(device),
    fileSystem: device.fstype ?? "",
    label: device.label ?? device.partlabel ?? "",
    uuid: device.uuid ?? "",
    partUuid: device.partuuid ?? "",
    mountpoint: device.mountpoint ?? "",
  };
}

function isReadOnly({ ro }: LsblkDevice): boolean {
  return ro === true || ro === "1";
}

/** Without the column PATH: device-mapper nodes are known by their own name, all others by the kernel's. */
function pathOf({ path, name = "", kname }: LsblkDevice): string {
  if (path) return path;
  const mapped = kname?.startsWith("dm-") === true && name !== kname;
  // The kernel writes cciss!c0d0 for what lies at /dev/cciss/c0d0; a mapped name holds no slash, and may hold "!".
  return mapped ? `/dev/mapper/${name}` : `/dev/${(kname ?? name).replaceAll("!", "/")}`;
}
