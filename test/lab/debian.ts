import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cached, recipeKey } from "./cache";
import { copySomeModules, onlyEntry } from "./kernel-modules";
import { quote, sh } from "./shell";

export type Suite = "bookworm" | "trixie" | "forky" | "sid";
export type KernelName = "a" | "b" | "c" | "d";

export interface LabKernel {
  /** What `uname -r` says when it runs. */
  release: string;
  bzImage: string;
  /** …/lib/modules/<release>, with the few modules that a virtual machine needs. */
  modulesDir: string;
}

/** Four kernels that no test can mistake for one another. */
const KERNELS: Record<KernelName, { suite: Suite; metaPackage: string }> = {
  a: { suite: "bookworm", metaPackage: "linux-image-cloud-amd64" }, // the target as it was found
  b: { suite: "trixie", metaPackage: "linux-image-cloud-amd64" }, // the installer
  c: { suite: "bookworm", metaPackage: "linux-image-rt-amd64" }, // installed systems
  d: { suite: "trixie", metaPackage: "linux-image-rt-amd64" },
};

const modulesRecipe = join(__dirname, "kernel-modules.ts");

/** The kernel behind a meta package, downloaded and reduced once. */
export async function kernel(name: KernelName): Promise<LabKernel> {
  const { suite, metaPackage } = KERNELS[name];
  const folder = await cached(
    `kernel-${name}`,
    `${suite} ${metaPackage} ${recipeKey(__filename, modulesRecipe)}`,
    async (dir) => {
      await sh(`
      ${await aptFor(suite, join(dir, "apt"))}
      image=$(apt-cache depends ${metaPackage} | sed -n 's/^ *Depends: \\(linux-image-[0-9].*\\)/\\1/p' | head -n 1)
      test -n "$image"
      cd ${quote(dir)}
      apt-get -qq download "$image"
      dpkg-deb -x linux-image-*.deb full
      mv full/boot/vmlinuz-* bzImage
      if [ -d full/usr/lib/modules ]; then mkdir -p full/lib; mv full/usr/lib/modules full/lib/; fi # since trixie
    `);
      await copySomeModules(join(dir, "full"), dir);
      await sh(`cd ${quote(dir)}; rm -rf full apt linux-image-*.deb`);
    },
  );
  const release = onlyEntry(join(folder, "lib/modules"));
  return {
    release,
    bzImage: join(folder, "bzImage"),
    modulesDir: join(folder, "lib/modules", release),
  };
}

/** A folder with the packages and all that they depend on, solved as if nothing were installed. */
export async function downloadDebs(suite: Suite, packages: string[]): Promise<string> {
  const folder = await cached(`debs-${suite}`, ["1", ...packages].join(" "), async (dir) => {
    await sh(`
      ${await aptFor(suite, join(dir, "apt"))}
      apt-get -qq -y --download-only install ${packages.map(quote).join(" ")}
      mv ${quote(dir)}/apt/archives/*.deb ${quote(dir)}
      rm -rf ${quote(dir)}/apt
    `);
  });
  const found = (await readdir(folder)).filter((file) => file.endsWith(".deb"));
  if (found.length === 0) throw new Error(`no package came for ${packages.join(" ")} of ${suite}`);
  return folder;
}

/** Where this machine gets its own Debian packages from. */
export async function mirror(): Promise<string> {
  const filter = "'Created-By: Packages' 'Component: main' 'Origin: Debian' 'Label: Debian'";
  const uri = (await sh(`apt-get indextargets --format '$(REPO_URI)' ${filter}`)).split("\n")[0];
  if (!uri) throw new Error("this machine's apt sources have no Debian main archive");
  return uri;
}

/** Shell lines that give apt a world of its own for another suite, apart from the machine's. */
async function aptFor(suite: Suite, dir: string): Promise<string> {
  return `
    apt=${quote(dir)}
    mkdir -p "$apt/lists/partial" "$apt/cache" "$apt/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${await mirror()} ${suite} main" > "$apt/sources.list"
    : > "$apt/status"
    cat > "$apt/conf" <<END
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Cache::Archives "$apt/archives";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
pkgCacheGen::Essential "none";
END
    export APT_CONFIG="$apt/conf"
    apt-get -qq update
  `;
}
