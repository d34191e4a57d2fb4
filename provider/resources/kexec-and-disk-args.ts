import type { Input } from "@pulumi/pulumi";

/** Where the installer comes from: one of `path`, `url` and `flake`. */
export interface KexecImageArgs {
  /** A file on the machine where Pulumi runs. */
  path?: Input<string>;
  /** Downloaded once, kept in the cache under its hash, checked before every use; taken up again where it broke. Needs `sha256`. */
  url?: Input<string>;
  /**
   * `<flake reference>#<output>` of a bundle: built here, before anything is sent. At a locked revision: with 40 digits of
   * a commit, with a narHash, or a folder whose flake.lock names all its inputs. `sha256` is checked where it is given.
   */
  flake?: Input<string>;
  /** For machines of this architecture only, as `uname -m` says it. Default: for any. */
  architecture?: Input<"x86_64" | "aarch64">;
  /** 64 hexadecimal digits. Required with `url`: released bundles are replaced under the same URL. */
  sha256?: Input<string>;
}

/**
 * A disk, by its path and by what it is recognised by. What is not given here is still compared between the old system
 * and the installer: serial, WWN, model, size, partition table, partitions and file systems.
 */
export interface DiskArgs {
  /** A stable path, such as `/dev/disk/by-id/…`. */
  device: Input<string>;
  /** As `lsblk -o SERIAL` shows it. */
  serial?: Input<string>;
  /** As `lsblk -o WWN` shows it. */
  wwn?: Input<string>;
  /** As `lsblk -o MODEL` shows it. */
  model?: Input<string>;
  /** In bytes, as `lsblk -b -o SIZE` shows it. */
  sizeBytes?: Input<number>;
}
