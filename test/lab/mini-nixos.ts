import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot, cached, hash, recipeKey } from "./cache";
import { type LabKernel, downloadDebs, kernel } from "./debian";
import { labKey } from "./keys";
import { quote, sh } from "./shell";

/** What every nix call of the tests gets: no substituter, no registry, no sandbox, nothing of the user's own settings. */
export const nixEnvironment: Record<string, string> = {
  NIX_CONFIG: [
    "sandbox = false",
    "build-users-group =",
    "substituters =",
    "require-sigs = false",
    "experimental-features = nix-command flakes",
    "flake-registry =",
    "warn-dirty = false",
  ].join("\n"),
  NIX_CONF_DIR: "/var/empty/nix",
  NIX_USER_CONF_FILES: "",
};

const recipe = join(__dirname, "nixos");
const partsOfTheFlake = /^$|\.nix$|^\/(sh|etc)(\/|$)/;

/** A folder with the flake of ./nixos, complete: what it refers to lies in the machine's store. */
export async function labFlake(): Promise<string> {
  const artefacts = {
    authorizedKey: (await labKey()).publicKey.trim(),
    userland: await inStore(await userland()),
    busybox: await inStore(await busybox()),
    kernels: { c: await installedKernel("c"), d: await installedKernel("d") },
  };
  const listed = JSON.stringify(artefacts, null, 2);
  return cached("flake", recipeKey(recipe) + listed, async (dir) => {
    await cp(recipe, dir, {
      recursive: true,
      filter: (path) => partsOfTheFlake.test(path.slice(recipe.length)),
    });
    await writeFile(join(dir, "artefacts.json"), listed);
  });
}

/** A folder that was made once and is added to the store by its content. */
interface Tree {
  /** The name in the store; the tree is `<folder>/<name>`. */
  name: string;
  folder: string;
}

async function userland(): Promise<Tree> {
  const list = await readFile(join(recipe, "userland.txt"), "utf8");
  const packages = list.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const debs = await downloadDebs("bookworm", packages.filter(Boolean));
  const unpack = join(recipe, "unpack-userland.sh");
  return tree(
    "userland",
    debs + recipeKey(unpack),
    (target) => `bash ${quote(unpack)} ${quote(debs)} ${target}`,
  );
}

async function busybox(): Promise<Tree> {
  const { folder } = await userland();
  return tree(
    "busybox",
    `1 ${folder}`,
    (target) => `
      mkdir -p ${target}/bin
      cp ${quote(folder)}/userland/usr/bin/busybox ${target}/bin
      for applet in $(${target}/bin/busybox --list); do [ -e ${target}/bin/$applet ] || ln -s busybox ${target}/bin/$applet; done`,
  );
}

async function installedKernel(name: "c" | "d") {
  const { release, bzImage, modulesDir }: LabKernel = await kernel(name);
  const files = await tree(
    `linux-${release}`,
    `1 ${bzImage}`,
    (target) => `
      mkdir -p ${target}/lib/modules
      cp ${quote(bzImage)} ${target}/bzImage
      cp -r ${quote(modulesDir)} ${target}/lib/modules`,
  );
  return { ...(await inStore(files)), modDirVersion: release };
}

async function tree(name: string, key: string, script: (target: string) => string): Promise<Tree> {
  const folder = await cached(`nixos-${hash(name)}`, key, async (dir) => {
    const target = quote(join(dir, name));
    await sh(`${script(target)}\nnix-hash --type sha256 ${target} > ${quote(join(dir, "sha256"))}`, {
      env: nixEnvironment,
    });
  });
  return { name, folder };
}

/** Adds a tree to the store, unless it is there, and protects it from garbage collection. */
async function inStore({ name, folder }: Tree): Promise<{ name: string; sha256: string }> {
  const sha256 = (await readFile(join(folder, "sha256"), "utf8")).trim();
  const root = join(cacheRoot, "gcroots", name);
  await sh(
    `path=$(nix-store --print-fixed-path --recursive sha256 ${sha256} ${quote(name)})
     nix-store --check-validity "$path" 2> /dev/null || nix-store --add-fixed --recursive sha256 ${quote(join(folder, name))}
     mkdir -p ${quote(join(cacheRoot, "gcroots"))}
     nix-store --realise "$path" --add-root ${quote(root)} --indirect`,
    { env: nixEnvironment },
  );
  return { name, sha256 };
}
