import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { quote, sh } from "../shell";
import { ostreeContainer } from "./ostree-container";
import type { FcosLab } from "./index";

/** ext4 as extlinux can read it. */
const MKFS_BOOT = "mkfs.ext4 -q -O ^64bit,^metadata_csum -L boot";
const KERNEL_ARGUMENTS = ["root=LABEL=root", "rw", "console=ttyS0", "panic=0"];
const STATEROOT = "lab";
const MENU_MODULES = "/usr/lib/syslinux/modules/bios";

export interface DiskOptions {
  /** A script that fills the new machine's own `$etc` and `$var`. */
  furnish?: string;
  diskMiB?: number;
  bootMiB?: number;
}

/**
 * A disk that boots an image: pulled from the lab's registry and deployed by the real `ostree container`, which throws
 * for an image that it does not accept. BIOS, extlinux.
 */
export async function ostreeDisk(
  lab: FcosLab,
  image: string,
  dir: string,
  { furnish = "", diskMiB = 4096, bootMiB = 512 }: DiskOptions = {},
): Promise<string> {
  const binary = await ostreeContainer(() => undefined);
  const authority = join(dir, "ca.crt");
  await writeFile(authority, lab.registry.certificateAuthority);
  const kargs = KERNEL_ARGUMENTS.map((argument) => `--karg=${argument}`).join(" ");
  await sh(
    `
    truncate -s ${diskMiB}M disk.raw
    sfdisk -q disk.raw <<END
label: dos
start=1MiB, size=${bootMiB}MiB, type=83, bootable
start=${bootMiB + 1}MiB, type=83
END
    dd if=/usr/lib/EXTLINUX/mbr.bin of=disk.raw bs=440 count=1 conv=notrunc status=none
    boot=$(losetup --find --show --offset 1MiB --sizelimit ${bootMiB}MiB disk.raw)
    root=$(losetup --find --show --offset ${bootMiB + 1}MiB disk.raw)
    trap 'umount --recursive sysroot 2>/dev/null || true' EXIT
    ${MKFS_BOOT} "$boot"
    mkfs.ext4 -q -L root "$root"
    mkdir sysroot
    mount "$root" sysroot
    ostree admin init-fs --modern sysroot
    mkdir -p sysroot/boot
    mount "$boot" sysroot/boot
    losetup --detach "$boot" "$root" # as soon as they are unmounted, whoever does it
    ostree admin os-init ${STATEROOT} --sysroot=sysroot
    ostree config --repo=sysroot/ostree/repo set sysroot.bootloader syslinux
    ostree config --repo=sysroot/ostree/repo set sysroot.readonly true
    # Its disk loses nothing that was written, and waits would be emulated, too.
    ostree config --repo=sysroot/ostree/repo set core.fsync false

    # ostree keeps what stands before its first entry; without a menu extlinux mangles the entries' names.
    mkdir -p sysroot/boot/loader.0 sysroot/boot/syslinux
    ln -s loader.0 sysroot/boot/loader
    printf 'SERIAL 0 115200\\nUI menu.c32\\nTIMEOUT 10\\n' > sysroot/boot/loader/syslinux.cfg
    ln -s ../loader/syslinux.cfg sysroot/boot/syslinux/syslinux.cfg

    ${quote(binary)} container image deploy --sysroot sysroot --stateroot ${STATEROOT} ${kargs} \
      --authfile ${quote(lab.registry.authFile)} --imgref ${quote(`ostree-unverified-registry:${image}`)}

    etc=$(echo "$PWD"/sysroot/ostree/deploy/${STATEROOT}/deploy/*.0/etc)
    var=$PWD/sysroot/ostree/deploy/${STATEROOT}/var
    ${furnish}

    cp ${MENU_MODULES}/menu.c32 ${MENU_MODULES}/libutil.c32 sysroot/boot/syslinux/
    extlinux --install sysroot/boot/syslinux 2>/dev/null
    umount --recursive sysroot
    rmdir sysroot
    `,
    { cwd: dir, env: { ...lab.environment, SSL_CERT_FILE: authority } },
  );
  return join(dir, "disk.raw");
}
