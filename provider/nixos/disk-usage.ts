import type { Disk, DiskPart } from "../host/disks";
import { quote } from "../core/quote";
import type { NixosFacts } from "./facts";
import { findDisk } from "./find-disk";
import type { DeclaredDisk } from "./spec";

/** Something that uses a disk, and the command that makes it let go; empty where none is known. */
export interface Usage {
  what: string;
  release: string;
}

/** Whatever still uses a disk that is to be worked on; what lies on top comes first, as it has to be released. */
export function usageOf(facts: NixosFacts, declared: readonly DeclaredDisk[]): Usage[] {
  return declared.flatMap(({ device }) => {
    const disk = findDisk(facts, device);
    if (disk === undefined) return [];
    return [
      ...poolsOn(facts, disk, device),
      ...[...disk.parts].reverse().flatMap((part) => usesOf(part, disk, device, facts)),
    ];
  });
}

/** /proc/swaps names a device-mapper node, lsblk its other name: either one tells. */
function isSwap(part: DiskPart, facts: NixosFacts): boolean {
  return part.mountpoint === "[SWAP]" || facts.swaps.includes(part.path);
}

function usesOf(part: DiskPart, disk: Disk, device: string, facts: NixosFacts): Usage[] {
  const { path, mountpoint } = part;
  const mounted = mountpoint !== "" && mountpoint !== "[SWAP]";
  const elsewhere = mounted ? undefined : mountedMember(part, facts);
  const holder = path === disk.path ? undefined : holderOf(part);
  return [
    mounted && {
      what: `${path} on ${device} is mounted at ${mountpoint}${mountpoint === "/" ? ", the running root" : ""}`,
      release: `umount ${quote(mountpoint)}`,
    },
    elsewhere !== undefined && {
      what: `${path} on ${device} belongs to the btrfs that is mounted at ${elsewhere}`,
      release: `umount ${quote(elsewhere)}`,
    },
    isSwap(part, facts) && {
      what: `${path} on ${device} is in use as swap`,
      release: `swapoff ${quote(path)}`,
    },
    holder !== undefined && {
      what: `${part.on} on ${device} is in use by ${holder.by}: ${path} is active`,
      release: holder.release,
    },
  ].filter((usage) => usage !== false);
}

/** A btrfs of several devices is mounted by one of them; lsblk shows the others as unused. */
function mountedMember(part: DiskPart, facts: NixosFacts): string | undefined {
  if (part.fileSystem !== "btrfs" || part.uuid === "") return undefined;
  return facts.disks
    .flatMap((disk) => disk.parts)
    .find((other) => other.uuid === part.uuid && other.mountpoint !== "")?.mountpoint;
}

function poolsOn(facts: NixosFacts, disk: Disk, device: string): Usage[] {
  const paths = [disk.path, ...disk.parts.map((part) => part.path)];
  return facts.pools.flatMap(({ name, devices }) => {
    const member = devices.find((each) => paths.includes(each));
    if (member === undefined) return [];
    const what = `${member} on ${device} is in use by the imported ZFS pool ${name}`;
    return [{ what, release: `zpool export ${quote(name)}` }];
  });
}

/** Whatever the kernel stacked on a disk or a partition, other than partitions, keeps it open. */
function holderOf({ type, path }: DiskPart): { by: string; release: string } | undefined {
  const name = path.replace(/^\/dev\/(mapper\/)?/, "");
  if (type === "part") return undefined;
  if (type === "lvm") return { by: "LVM", release: `vgchange -an ${quote(volumeGroup(name))}` };
  if (type === "crypt") return { by: "encryption", release: `cryptsetup close ${quote(name)}` };
  if (type === "mpath") return { by: "multipath", release: `multipath -f ${quote(name)}` };
  if (/^(raid|md|linear)/.test(type)) return { by: "RAID", release: `mdadm --stop ${quote(path)}` };
  if (/^bcache/.test(name)) return { by: "bcache", release: `echo 1 > /sys/block/${name}/bcache/stop` };
  if (type === "dm") return { by: "the device mapper", release: `dmsetup remove ${quote(name)}` };
  return { by: "another block device", release: "" };
}

/** The device mapper joins group and volume by "-", and doubles the dashes inside of them. */
function volumeGroup(mapped: string): string {
  return (/^(?:[^-]|--)+/.exec(mapped)?.[0] ?? mapped).replaceAll("--", "-");
}
