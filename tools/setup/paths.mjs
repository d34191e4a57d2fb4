import { createHash } from "node:crypto";
import { accessSync, constants, mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

export const cache =
  process.env.IMMUTABLE_OS_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-immutable-os");

/**
 * A folder next to its final place, so that the last act of a step is one rename. To be called under the step's lock:
 * what a killed run left there is nobody's any more.
 */
export function unfinished(finalPath) {
  const place = dirname(finalPath);
  mkdirSync(place, { recursive: true });
  const leftovers = readdirSync(place).filter(
    (name) => name.startsWith(`${basename(finalPath)}.`) && name.endsWith(".tmp"),
  );
  for (const name of leftovers) rmSync(join(place, name), { recursive: true, force: true });
  const path = `${finalPath}.${process.pid}.tmp`;
  mkdirSync(path);
  return path;
}

export function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

export function onPath(command, path = process.env.PATH ?? "") {
  const names = process.platform === "win32" ? [`${command}.exe`, `${command}.cmd`] : [command];
  return path
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function firstOnPath(folder) {
  process.env.PATH = `${folder}${delimiter}${process.env.PATH ?? ""}`;
}

/** Is `version` ("22.13.1") at least `wanted` ("22.12")? */
export function atLeast(version, wanted) {
  const [have, need] = [version, wanted].map((text) => text.replace(/^v/, "").split(/[.+-]/).map(Number));
  for (let index = 0; index < need.length; index++) {
    const difference = (have[index] || 0) - need[index];
    if (difference !== 0) return difference > 0;
  }
  return true;
}
