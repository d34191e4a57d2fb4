/** A block device that is a disk, and everything that lies on it. */
export interface Disk {
  /** The kernel's name, such as /dev/vda: changes from boot to boot. */
  path: string;
  sizeBytes: number;
  serial: string;
  wwn: string;
  model: string;
  readOnly: boolean;
  parts: DiskPart[];
}

/** Anything stacked on a disk: partitions, LVM volumes, RAID members, encrypted containers. */
export interface DiskPart {
  path: string;
  type: string;
  sizeBytes: number;
  fileSystem: string;
  label: string;
  mountpoint: string;
}

interface LsblkDevice {
  name?: string;
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
  children?: LsblkDevice[];
}

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
      readOnly: device.ro === true || device.ro === "1",
      parts: [...own(device), ...descendants(device)],
    }));
}

/** A file system right on the disk, without partitions. */
function own(device: LsblkDevice): DiskPart[] {
  return device.fstype || device.mountpoint ? [part(device)] : [];
}

function descendants(device: LsblkDevice): DiskPart[] {
  return (device.children ?? []).flatMap((child) => [part(child), ...descendants(child)]);
}

function part(device: LsblkDevice): DiskPart {
  return {
    path: pathOf(device),
    type: device.type ?? "",
    sizeBytes: Number(device.size ?? 0),
    fileSystem: device.fstype ?? "",
    label: device.label ?? device.partlabel ?? "",
    mountpoint: device.mountpoint ?? "",
  };
}

function pathOf(device: LsblkDevice): string {
  return device.path ?? `/dev/${device.name ?? ""}`;
}
