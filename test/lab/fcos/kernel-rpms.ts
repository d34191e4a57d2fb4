import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, recipeKey, sha256OfFile } from "../cache";
import { downloadDebs, type Suite } from "../debian";
import { copySomeModules } from "../kernel-modules";
import { quote, sh } from "../shell";
import { replaceInHeader } from "./rpm-text";

/** `rt` is "new" in packages of other names, as real-time kernels come. */
export type FcosKernelName = "old" | "new" | "rt";

const KERNELS: Record<FcosKernelName, { suite: Suite; metaPackage: string; family: string }> = {
  old: { suite: "bookworm", metaPackage: "linux-image-cloud-amd64", family: "kernel" },
  new: { suite: "trixie", metaPackage: "linux-image-cloud-amd64", family: "kernel" },
  rt: { suite: "trixie", metaPackage: "linux-image-cloud-amd64", family: "kernel-rt" },
};

export interface KernelRpms {
  /** What `uname -r` says when it runs. */
  release: string;
  /** The kernel's package of the family, then -core, then -modules. */
  files: { path: string; sha256: string }[];
}

/** Beside what every machine of the lab needs: what dracut and systemd ask for. All others would double an image and its pull. */
const ALSO_WANTED = ["fuse", "virtiofs", "dm_mod", "binfmt_misc"];

const spec = join(__dirname, "kernel/kernel.spec");
const recipe = [__filename, spec, join(__dirname, "rpm-text.ts"), join(__dirname, "../kernel-modules.ts")];

/** One of Debian's kernels as three RPMs. */
export async function kernelRpms(name: FcosKernelName): Promise<KernelRpms> {
  const { suite, metaPackage, family } = KERNELS[name];
  const debs = await downloadDebs(suite, [metaPackage]);
  const [image] = (await readdir(debs)).filter((file) => /^linux-image-\d/.test(file));
  if (image === undefined) throw new Error(`no kernel came with ${metaPackage} of ${suite}`);
  const key = [image, family, recipeKey(...recipe)].join(" ");
  const folder = await cached(`kernel-rpms-${name}`, key, (dir) => build(dir, join(debs, image), family));
  const names = JSON.parse(await readFile(join(folder, "files.json"), "utf8")) as string[];
  return {
    release: (await readFile(join(folder, "release"), "utf8")).trim(),
    files: await Promise.all(
      names.map(async (file) => ({
        path: join(folder, file),
        sha256: await sha256OfFile(join(folder, file)),
      })),
    ),
  };
}

async function build(dir: string, deb: string, family: string): Promise<void> {
  const found = await sh(
    `
    dpkg-deb -x ${quote(deb)} unpacked
    if [ -d unpacked/usr/lib/modules ]; then mkdir -p unpacked/lib; mv unpacked/usr/lib/modules unpacked/lib/; fi
    ls unpacked/lib/modules | tee release
    dpkg-deb -f ${quote(deb)} Version
    `,
    { cwd: dir },
  );
  const [uname = "", version = ""] = found.trim().split("\n");
  await copySomeModules(join(dir, "unpacked"), join(dir, "unpacked/some"), ALSO_WANTED);
  await sh(`mv unpacked/some/lib/modules/${quote(uname)} unpacked/modules`, { cwd: dir });
  const [kversion = "", krelease = ""] = version.split("-");
  // Every version that rpmbuild takes for one; replaced below.
  const provided = uname.replaceAll("-", "_");
  const defines = {
    family,
    kversion,
    krelease,
    uname,
    provided,
    unpacked: join(dir, "unpacked"),
    _topdir: join(dir, "top"),
  };
  const flags = Object.entries({ ...defines, _dbpath: join(dir, "db") })
    .flatMap(([name, value]) => ["--define", quote(`${name} ${value}`)])
    .join(" ");
  await sh(
    `
    SOURCE_DATE_EPOCH=1700000000 rpmbuild -bb --quiet --target x86_64 ${flags} ${quote(spec)}
    mv top/RPMS/x86_64/*.rpm .
    rm -rf unpacked top db
    `,
    { cwd: dir },
  );
  const files = ["", "-core", "-modules"].map(
    (part) => `${family}${part}-${kversion}-${krelease}.x86_64.rpm`,
  );
  for (const file of files) await replaceInHeader(join(dir, file), provided, uname);
  await writeFile(join(dir, "files.json"), JSON.stringify(files));
}
