import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, recipeKey } from "./cache";
import { kernel, mirror } from "./debian";
import { initramfs } from "./initramfs";
import { labKey } from "./keys";
import { defaultLog, quote, sh, type Log } from "./shell";

const recipe = join(__dirname, "target");

const PACKAGES =
  "systemd-sysv,udev,dbus,openssh-server,sudo,iproute2,kmod,procps,util-linux,e2fsprogs,cpio,gzip,tar";
const DISK_SIZE = "4G";
/** extlinux can read neither of the two. */
const MKFS = "mke2fs -q -t ext4 -L debian -O ^64bit,^metadata_csum";

/** A raw disk image with a small Debian on it: BIOS, GPT, extlinux, kernel "a". */
export async function targetDisk(log: Log = defaultLog): Promise<string> {
  const { publicKey } = await labKey();
  const { release } = await kernel("a");
  const key = [recipeKey(__filename, recipe), release, publicKey].join();
  const folder = await cached("target-disk", key, async (dir) => {
    log("building the target's disk (about 1 min)");
    await makeRoot(dir, publicKey);
    await makeDisk(dir);
    await sh("rm -rf root key.pub", { cwd: dir });
  });
  return join(folder, "disk.raw");
}

async function makeRoot(dir: string, publicKey: string): Promise<void> {
  const { release, bzImage, modulesDir } = await kernel("a");
  const initrd = await initramfs("target", { kernel: "a", init: join(recipe, "initramfs-init") });
  await writeFile(join(dir, "key.pub"), `${publicKey}\n`);
  await sh(
    `
    mmdebstrap --quiet --variant=minbase --include=${PACKAGES} bookworm root "deb ${await mirror()} bookworm main"
    cp ${quote(bzImage)} root/boot/vmlinuz-${release}
    cp ${quote(initrd)} root/boot/initrd.img-${release}
    ln -s vmlinuz-${release} root/boot/vmlinuz
    ln -s initrd.img-${release} root/boot/initrd.img
    mkdir -p root/lib/modules
    cp -r ${quote(modulesDir)} root/lib/modules/
    sh ${quote(join(recipe, "configure.sh"))} root key.pub
    install -D -m 644 ${quote(join(recipe, "extlinux.conf"))} root/boot/extlinux/extlinux.conf
    `,
    { cwd: dir },
  );
}

/** Partition 1 takes the first MiB that GRUB would want; partition 2 is the root. */
async function makeDisk(dir: string): Promise<void> {
  await sh(
    `
    truncate -s ${DISK_SIZE} disk.raw
    sfdisk -q disk.raw <<END
label: gpt
start=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649, name=bios
start=2MiB, type=linux, name=root, attrs=LegacyBIOSBootable
END
    dd if=/usr/lib/EXTLINUX/gptmbr.bin of=disk.raw bs=440 count=1 conv=notrunc status=none
    sectors=$(sfdisk -d disk.raw | sed -n 's/.*start= *4096, size= *\\([0-9]*\\),.*/\\1/p')
    loop=$(losetup --find --show --offset 2MiB --sizelimit $((sectors * 512)) disk.raw)
    trap 'umount mounted 2>/dev/null || true; losetup --detach "$loop"' EXIT
    ${MKFS} -d root "$loop"
    mkdir mounted
    mount "$loop" mounted
    extlinux --install mounted/boot/extlinux 2>/dev/null
    umount mounted
    rmdir mounted
    `,
    { cwd: dir },
  );
}
