import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { quote, sh } from "./shell";

/** What the lab's virtual machines and file systems need; a built-in one is simply not found as a file. */
const WANTED = [
  "virtio_pci virtio_blk virtio_net virtio_rng virtio_scsi net_failover sd_mod",
  "ext4 crc32c_generic vfat nls_ascii nls_cp437 nls_iso8859_1 loop overlay autofs4 efivarfs configfs efi_pstore softdog",
]
  .join(" ")
  .split(" ");

/** Copies the wanted modules and what they depend on from an unpacked kernel package to `target`/lib/modules. */
export async function copySomeModules(
  unpacked: string,
  target: string,
  more: readonly string[] = [],
): Promise<void> {
  const modules = join(unpacked, "lib/modules");
  const release = onlyEntry(modules);
  await sh(`depmod -b ${quote(unpacked)} ${release}`);
  const files = withDependencies(readFileSync(join(modules, release, "modules.dep"), "utf8"), [
    ...WANTED,
    ...more,
  ]);
  await sh(`
    mkdir -p ${quote(join(target, "lib/modules", release))}
    cd ${quote(join(modules, release))}
    cp --parents ${files.map(quote).join(" ")} modules.builtin modules.builtin.modinfo modules.order ${quote(join(target, "lib/modules", release))}
    find ${quote(target)}/lib/modules -name '*.ko.xz' -exec xz -d {} + # small loaders of modules know no xz
    depmod -b ${quote(target)} ${release}
  `);
}

/** The name of the one thing in a folder, e.g. the release in lib/modules. */
export function onlyEntry(folder: string): string {
  const [entry, ...others] = readdirSync(folder);
  if (entry === undefined || others.length > 0) throw new Error(`not exactly one entry in ${folder}`);
  return entry;
}

/** Of lines `file: file it needs …` (modules.dep) all files that the wanted modules need. */
function withDependencies(modulesDep: string, wanted: readonly string[]): string[] {
  const needs = new Map<string, string[]>();
  for (const line of modulesDep.split("\n").filter(Boolean)) {
    const colon = line.indexOf(":");
    needs.set(
      line.slice(0, colon),
      line
        .slice(colon + 1)
        .split(" ")
        .filter(Boolean),
    );
  }
  const chosen = new Set<string>();
  const choose = (file: string) => {
    if (chosen.has(file)) return;
    chosen.add(file);
    needs.get(file)?.forEach(choose);
  };
  for (const file of needs.keys()) {
    if (wanted.includes(moduleName(file))) choose(file);
  }
  return [...chosen];
}

function moduleName(file: string): string {
  return basename(file)
    .replace(/\.ko.*$/, "")
    .replaceAll("-", "_");
}
