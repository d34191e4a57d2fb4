import { copyFile, cp, link, mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cached, recipeKey } from "../cache";
import { mirror } from "../debian";
import { quote, sh, type Log } from "../shell";
import { containerStorage, removeContainerStorage } from "./container-storage";
import { kernelRpms } from "./kernel-rpms";
import { ostreeContainer } from "./ostree-container";

const recipe = join(__dirname, "base");

const PACKAGES = [
  "systemd-sysv,udev,kmod,util-linux,e2fsprogs,procps,cpio,xz-utils,zstd,dracut-core,ostree,ostree-boot,rpm",
  // What makes it a machine that is managed over ssh, and what its stand-ins are written in.
  "dbus,openssh-server,sudo,iproute2,skopeo,curl,ca-certificates,python3-gi,gir1.2-ostree-1.0",
].join();
/** In this order. */
const HOOKS = ["host.sh", "layout.sh"];

export interface BaseImage {
  /** A folder in the layout of OCI. */
  oci: string;
  kernelRelease: string;
}

/** A base image as the real `ostree container encapsulate` makes it, with kernel "old". */
export async function baseImage(log: Log): Promise<BaseImage> {
  const binary = await ostreeContainer(log);
  const root = await rootArchive(log);
  const kernel = await kernelRpms("old");
  const key = [binary, root, ...kernel.files.map(({ path }) => path), recipeKey(__filename, recipe)].join(
    " ",
  );
  const folder = await cached("fcos-base", key, async (dir) => {
    log("building the base image (about 1 min)");
    const environment = await containerStorage(dir);
    try {
      await fillContext(join(dir, "context"), root, binary, kernel.files);
      await sh(buildScript(kernel.release), { cwd: dir, env: environment });
    } finally {
      removeContainerStorage(dir);
    }
  });
  return { oci: join(folder, "oci"), kernelRelease: kernel.release };
}

async function fillContext(
  dir: string,
  root: string,
  binary: string,
  rpms: { path: string }[],
): Promise<void> {
  await mkdir(join(dir, "rpms"), { recursive: true });
  for (const { path } of rpms) await copyFile(path, join(dir, "rpms", basename(path)));
  await copyFile(join(recipe, "Containerfile"), join(dir, "Containerfile"));
  await cp(join(recipe, "stand-ins"), join(dir, "stand-ins"), { recursive: true });
  await copyFile(binary, join(dir, "ostree-container"));
  await link(root, join(dir, "root.tar"));
}

/** In a commit `/etc` is `/usr/etc`, and what belongs to a running machine is empty. */
function buildScript(kernelRelease: string): string {
  return `
    buildah build --layers=false --build-arg KERNEL=${quote(kernelRelease)} --tag localhost/tree context
    container=$(buildah from localhost/tree)
    tree=$(buildah mount "$container")
    mv "$tree/etc" "$tree/usr/etc"
    rm -f "$tree/usr/etc/resolv.conf"
    rm -rf "$tree/run" "$tree/tmp" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/var" "$tree/boot"
    mkdir "$tree/run" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/var" "$tree/boot"
    mkdir -m 1777 "$tree/tmp"
    ostree init --repo=repo --mode=bare-user
    ostree commit --repo=repo --branch=lab/base --tree="dir=$tree" --bootable \
      --add-metadata-string=version=lab --subject='The base image of the lab' > /dev/null
    context/ostree-container container encapsulate --repo=repo --copymeta-opt=version \
      --label=containers.bootc=1 lab/base "oci:$PWD/oci"
    buildah rm --all > /dev/null
    rm -rf context repo
  `;
}

async function rootArchive(log: Log): Promise<string> {
  const hooks = HOOKS.map((name) => join(recipe, name));
  const folder = await cached("fcos-root", recipeKey(...hooks) + PACKAGES, async (dir) => {
    log("building the root of the base image (about 1 min)");
    await sh(
      `
      mmdebstrap --quiet --mode=root --variant=minbase --include=${PACKAGES} --format=tar \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        ${hooks.map((hook) => `--customize-hook=${quote(hook)}`).join(" ")} --skip=output/dev --skip=cleanup/apt \
        bookworm root.tar "deb ${await mirror()} bookworm main"
      `,
      { cwd: dir },
    );
  });
  return join(folder, "root.tar");
}

/** The digest under which a registry knows it. */
export async function digestOf({ oci }: BaseImage): Promise<string> {
  const index = JSON.parse(await readFile(join(oci, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const [manifest] = index.manifests;
  if (manifest === undefined) throw new Error(`no manifest in ${oci}`);
  return manifest.digest;
}
