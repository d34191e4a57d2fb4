import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, hash, recipeKey } from "./cache";
import { downloadDebs, kernel, type KernelName } from "./debian";
import { quote, sh } from "./shell";

/** A small initial RAM disk: busybox, the kernel's few modules and the given script as its /init. */
export async function initramfs(name: string, parts: { kernel: KernelName; init: string }): Promise<string> {
  const { release, modulesDir } = await kernel(parts.kernel);
  const key = [recipeKey(__filename), release, hash(await readFile(parts.init, "utf8"))].join();
  const folder = await cached(`initramfs-${name}`, key, async (dir) => {
    const debs = await downloadDebs("bookworm", ["busybox-static"]);
    await sh(
      `
      dpkg-deb -x ${quote(debs)}/busybox-static_*.deb busybox
      mkdir -p root/bin root/lib/modules
      cp busybox/bin/busybox root/bin/
      ln -s busybox root/bin/sh
      cp -r ${quote(modulesDir)} root/lib/modules/
      install -m 755 ${quote(parts.init)} root/init
      ( cd root; find . -print0 | cpio --null --quiet -o -H newc ) | zstd -q -10 > initrd
      rm -rf root busybox
      `,
      { cwd: dir },
    );
  });
  return join(folder, "initrd");
}
