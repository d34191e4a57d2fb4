// Part of a stand-in for a machine: what its disks can do wrong.

/** A device as lsblk prints it. */
export interface PlayedDevice {
  path: string;
  type: string;
  [column: string]: unknown;
  children?: PlayedDevice[];
}

/** What a machine's disks do wrong, for good. */
export interface DiskQuirks {
  /** What one of the systems shows instead of the usual two disks. */
  blockDevices?: Partial<
    Record<"debian" | "installer" | "nixos", (devices: PlayedDevice[]) => PlayedDevice[]>
  >;
  /** What `zpool list -vHPL` prints in the installer. */
  poolsInInstaller?: string;
  /** The declared disk has no node in the installer: its driver is missing. */
  noNodesInInstaller?: boolean;
  kernelOnDisks?: string;
  /** disko's script leaves active volumes behind when it fails. */
  leavesVolumes?: boolean;
}
