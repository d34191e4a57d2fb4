import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256OfFile } from "./cache";
import { kexecBundle } from "./kexec-bundle";
import { quote, sh } from "./shell";

export interface Bundle {
  path: string;
  sha256: string;
}

/**
 * What is changed in the lab's bundle, as shell in its folder kexec/. `small`: an initrd without an init stands in
 * for the installer, which takes a fifth of the time to upload and load, and whose kernel panics when it is booted.
 */
const small = `
  mkdir none
  ( cd none; find . -print0 | cpio --null --quiet -o -H newc ) | gzip > initrd
  rmdir none`;

const variants = {
  /** Right in every way, but its kernel finds no init, and stays in its panic. */
  small,
  /** The same, with a kernel that starts the machine anew after its panic: the old system comes back. */
  restarting: `${small}\nsed -i 's|loglevel=4|& panic=5|' run`,
  /** Says 0, as nixos-images' run does, and has loaded nothing. */
  loadsNothing: `${small}\nsed -i 's|if ! "$here/kexec" --load|if ! : "$here/kexec" --load|' run`,
  /** \`kexec\` is a program of aarch64, as is the kernel. */
  foreign: `${small}
  cp lib/kexec kexec
  printf '\\267\\000' | dd of=kexec bs=1 seek=18 conv=notrunc status=none
  truncate -s 0 bzImage
  truncate -s 1M bzImage
  printf 'MZ' | dd of=bzImage conv=notrunc status=none
  printf 'ARM\\144' | dd of=bzImage bs=1 seek=56 conv=notrunc status=none`,
  /** Its initrd, all zeros, is larger than the machine's memory. */
  huge: `${small}\ntruncate -s 1200M initrd`,
  /** The installer, which takes another address than the old system had. */
  moved: `
  mkdir -p over/etc
  printf '#!/bin/sh\\nfor i in /sys/class/net/e*; do ip link set "\${i##*/}" up; ip address add 10.0.2.99/24 dev "\${i##*/}"; done\\n' > over/etc/restore-network
  chmod 755 over/etc/restore-network
  ( cd over; find . -print0 | cpio --null --quiet -o -H newc ) | gzip >> initrd
  rm -r over`,
};

export type BundleVariant = keyof typeof variants;

/** Broken bundles, each made on its first use. */
export class BundleVariants {
  private readonly made = new Map<BundleVariant, Promise<Bundle>>();

  private constructor(private readonly folder: string) {}

  static async create(): Promise<BundleVariants> {
    return new BundleVariants(await mkdtemp(join(tmpdir(), "immutable-os-bundles-")));
  }

  get(name: BundleVariant): Promise<Bundle> {
    const bundle = this.made.get(name) ?? this.make(name);
    this.made.set(name, bundle);
    return bundle;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  private async make(name: BundleVariant): Promise<Bundle> {
    const folder = join(this.folder, name);
    const path = `${folder}.tar.gz`;
    await sh(`
      mkdir ${quote(folder)}
      cd ${quote(folder)}
      tar -xzf ${quote((await kexecBundle()).path)}
      cd kexec
      ${variants[name]}
      cd ..
      tar --create --sparse kexec | gzip -1 > ${quote(path)}
      rm -r ${quote(folder)}`);
    return { path, sha256: await sha256OfFile(path) };
  }
}
