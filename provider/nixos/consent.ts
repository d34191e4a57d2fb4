import { inWords } from "./disko-mode";
import type { NixosSpec } from "./spec";

/** The disks that a reinstall would wipe and that `install.allowReinstall` does not name by path or by serial. */
export function disksWithoutConsent(
  spec: NixosSpec,
  knownSerial: (device: string) => string | undefined,
): string[] {
  return spec.disks
    .filter((disk) => {
      const serial = disk.serial ?? knownSerial(disk.device);
      return !spec.allowReinstall.includes(disk.device) && !(serial && spec.allowReinstall.includes(serial));
    })
    .map((disk) => disk.device);
}

export const howToConsent = (spec: NixosSpec): string =>
  `${inWords(spec).consent}. If that is meant, name them (path or serial) in install.allowReinstall; else take the change back`;
