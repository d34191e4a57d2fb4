// Part of a stand-in for a machine: its disks, what the probe shows of them, and what looks after them.
import type { DiskQuirks, PlayedDevice } from "./disk-quirks";
import type { PlayedMachine, Rule, System } from "./machine-parts";

export const disksRules: readonly Rule[] = [
  {
    name: "wait for disks",
    pattern: /^i=0\n.*udevadm settle[\s\S]*^until \[ -b /m,
    play: ({ quirks, system }) => ({ exitCode: isWithoutNodes(system, quirks) ? 1 : 0 }),
  },
  { name: "settle disks", pattern: /^command -v udevadm [^\n]*\ntrue$/, play: () => ({}) },
  {
    name: "kernel on disks",
    pattern: /^dmesg 2>\/dev\/null \| grep -iE 'partition/,
    play: ({ quirks }) => ({ stdout: quirks.kernelOnDisks ?? "" }),
  },
  {
    name: "release leftovers",
    pattern: /^umount -R \/mnt$/m,
    play: ({ disk, ram }, _, { script }) => {
      disk.mounted = false;
      if (script.includes("vgchange -an 'pool'")) ram.volumesActive = false;
      return {};
    },
  },
];

/** Also a script that fails has written something before. */
export function beginDisko({ disk, ram, quirks }: PlayedMachine): void {
  disk.generation++;
  ram.volumesActive = quirks.leavesVolumes === true && quirks.jobs?.["disko"] !== undefined;
}

export function lsblk(machine: PlayedMachine): string {
  const { system, quirks } = machine;
  const devices = usualDevices(machine);
  return JSON.stringify({ blockdevices: quirks.blockDevices?.[system]?.(devices) ?? devices });
}

export function pools({ system, quirks }: PlayedMachine): string {
  return (system === "installer" && quirks.poolsInInstaller) || "";
}

export function byId(serial: string): string {
  return `/dev/disk/by-id/virtio-${serial}`;
}

export function deviceNodes({ system, disk, quirks }: PlayedMachine): string {
  if (isWithoutNodes(system, quirks)) return "";
  return `${disk.device} ${disk.device}\n${disk.device} ${byId(disk.serial)}`;
}

function isWithoutNodes(system: System, quirks: DiskQuirks): boolean {
  return system === "installer" && quirks.noNodesInInstaller === true;
}

function usualDevices({ system, disk, otherDisk, quirks, ram }: PlayedMachine): PlayedDevice[] {
  const serial = (system === "installer" ? quirks.serialInInstaller : undefined) ?? disk.serial;
  const strange = system === "installer" && quirks.mountedInInstaller ? "/old" : null;
  const root = system === "installer" ? null : "/";
  const volume = device("/dev/mapper/pool-root", "lvm", 1_000_000_000, {});
  const part = device(`${disk.device}1`, "part", 4_200_000_000, {
    fstype: "ext4",
    label: disk.wiped > 0 ? "nixos" : null,
    uuid: `file-system-${disk.generation}`,
    partuuid: `partition-${disk.generation}`,
    mountpoint: disk.mounted ? "/mnt" : (strange ?? root),
    ...(ram.volumesActive ? { children: [volume] } : {}),
  });
  return [
    device(disk.device, "disk", 4_294_967_296, {
      ...{ serial, wwn: null, model: "QEMU HARDDISK", ptuuid: `table-${disk.generation}` },
      children: [part],
    }),
    device(otherDisk.device, "disk", 1_073_741_824, { serial: otherDisk.serial, wwn: null, model: null }),
  ];
}

function device(path: string, type: string, size: number, more: object): PlayedDevice {
  return { name: path.slice(5), path, type, size, ro: false, ...more };
}
