import { lstatSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root, sha256 } from "./paths.mjs";
import { run } from "./process.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./say.mjs";

const modules = join(root, "node_modules");

/** The npm modules of package-lock.json, and a link to this package under its own name. */
export async function ensureModules() {
  if (!areInstalled()) await withLock(`npm-modules-${sha256(root).slice(0, 12)}`, install);
  linkOurselves();
}

async function install() {
  if (areInstalled()) return;
  await step("npm ci: installing the npm modules of package-lock.json", () =>
    run("npm", ["ci", "--no-audit", "--no-fund"]),
  );
}

function areInstalled() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(modules, ".package-lock.json"));
  if (!present) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional }]) =>
      path === "" || optional || devOptional || present[path]?.version === version,
  );
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

// The programs in examples/ import "pulumi-immutable-os" exactly as a user's program does.
function linkOurselves() {
  const link = join(modules, "pulumi-immutable-os");
  try {
    if (lstatSync(link).isSymbolicLink()) return;
    rmSync(link, { recursive: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  try {
    symlinkSync("..", link, "junction");
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
}
