import type { Disk } from "../host/disks";
import type { NixosFacts } from "./facts";

/** The disk that a declared path names now. */
export function findDisk(facts: NixosFacts, device: string): Disk | undefined {
  const path = facts.devices[device];
  return facts.disks.find((disk) => disk.path === path);
}
