import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, hash, recipeKey, sha256OfFile } from "./cache";
import { downloadDebs, kernel } from "./debian";
import { defaultLog, quote, sh, type Log } from "./shell";

const recipe = join(__dirname, "installer");
/** The lab's stand-in for nixos-install, which belongs to the lab's NixOS. */
const nixosInstall = join(__dirname, "nixos", "nixos-install.sh");

/** What disko's scripts, an installation and a look around call. */
const PACKAGES = [
  "base-files bash coreutils findutils grep sed gawk diffutils tar gzip zstd hostname procps jq",
  "util-linux mount udev kmod gdisk fdisk parted e2fsprogs dosfstools",
  "iproute2 openssh-server openssh-client nix-bin kexec-tools busybox-static",
]
  .join(" ")
  .split(" ");

const KERNEL_PARAMETERS = "console=ttyS0,115200n8 loglevel=4";

/** A tarball laid out like nixos-images' kexec installer, with kernel "b". */
export async function kexecBundle(
  log: Log = defaultLog,
): Promise<{ path: string; sha256: string; kernelRelease: string }> {
  const { release } = await kernel("b");
  const recipes = [__filename, recipe, ...(existsSync(nixosInstall) ? [nixosInstall] : [])];
  const key = [recipeKey(...recipes), release].join();
  const folder = await cached("kexec-bundle", key, async (dir) => {
    log("building the kexec bundle (about 1 min)");
    const debs = await downloadDebs("trixie", PACKAGES);
    const init = `/nix/store/${storeHash(key)}-nixos-system-nixos-installer-25.05/init`;
    await makeRoot(dir, debs, init);
    await makeBundle(dir, init);
    await writeFile(join(dir, "sha256"), await sha256OfFile(join(dir, "bundle.tar.gz")));
    await sh("rm -rf root kexec", { cwd: dir });
  });
  return {
    path: join(folder, "bundle.tar.gz"),
    sha256: await readFile(join(folder, "sha256"), "utf8"),
    kernelRelease: release,
  };
}

async function makeRoot(dir: string, debs: string, init: string): Promise<void> {
  const { modulesDir } = await kernel("b");
  await sh(
    `
    mkdir -p root/usr/bin root/usr/sbin root/usr/lib root/usr/lib64
    ln -s usr/bin usr/sbin usr/lib usr/lib64 root/
    for deb in ${quote(debs)}/*.deb; do dpkg-deb -x "$deb" root; done
    sh ${quote(join(recipe, "configure.sh"))} root
    mkdir -p root/lib/modules
    cp -r ${quote(modulesDir)} root/lib/modules/
    install -D -m 755 ${quote(join(recipe, "stage-2.sh"))} root${init}
    if [ -e ${quote(nixosInstall)} ]; then install -m 755 ${quote(nixosInstall)} root/usr/bin/nixos-install; fi
    `,
    { cwd: dir },
  );
}

async function makeBundle(dir: string, init: string): Promise<void> {
  const { bzImage } = await kernel("b");
  await sh(
    `
    mkdir -p kexec/lib
    ( cd root; find . -print0 | cpio --null --quiet -o -H newc ) | zstd -q -T0 -15 > kexec/initrd
    cp ${quote(bzImage)} kexec/bzImage
    sed 's|@init@|${init}|; s|@kernelParams@|${KERNEL_PARAMETERS}|' ${quote(join(recipe, "run.sh"))} > kexec/run
    for program in kexec ip; do
      cp ${quote(join(recipe, "with-own-libraries.sh"))} kexec/$program
      found=$(chroot root sh -c "command -v $program")
      cp "root$found" kexec/lib/
      chroot root /lib64/ld-linux-x86-64.so.2 --list "$found" | sed -n 's|.* => \\(/[^ ]*\\) .*|\\1|p' |
        while read -r library; do cp -L "root$library" kexec/lib/; done
    done
    cp -L root/lib64/ld-linux-x86-64.so.2 kexec/lib/
    chmod 755 kexec/run kexec/kexec kexec/ip kexec/lib/*
    tar -c kexec | gzip -1 > bundle.tar.gz
    `,
    { cwd: dir },
  );
}

/** In the shape of a store path's hash: Nix leaves out four letters. */
function storeHash(key: string): string {
  return (hash(key) + hash(`${key} `)).replaceAll("e", "x");
}
