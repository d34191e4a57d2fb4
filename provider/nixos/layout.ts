import { createHash } from "node:crypto";

/** What the product needs to know of `disko.devices`: which disks it wipes, what is mounted afterwards, a fingerprint. */
export interface Layout {
  hash: string;
  devices: string[];
  /** Disks that the layout uses but never wipes: `destroy = false`. */
  kept: string[];
  mountpoints: string[];
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Reads `disko.devices` as the evaluation gives it: without functions and without attributes that begin with `_`. */
export function layoutOf(devices: Json): Layout {
  const disks =
    isObject(devices) && isObject(devices["disk"]) ? Object.values(devices["disk"]).filter(isObject) : [];
  return {
    hash: createHash("sha256")
      .update(JSON.stringify(canonical(devices)))
      .digest("hex")
      .slice(0, 16),
    devices: devicesOf(disks.filter((disk) => disk["destroy"] !== false)),
    kept: devicesOf(disks.filter((disk) => disk["destroy"] === false)),
    mountpoints: [...new Set(findMountpoints(devices))].sort(),
  };
}

/** Of a layout that is only known by its script, nothing but the script itself can be compared. */
export function layoutOfScript(diskoScript: string): Layout {
  return {
    hash: diskoScript.slice("/nix/store/".length, "/nix/store/".length + 16),
    devices: [],
    kept: [],
    mountpoints: ["/"],
  };
}

// They describe disk images for tests and VMs, not what an install writes.
const meaninglessForInstall = new Set(["imageSize", "imageName"]);

/** An option that a newer disko brings along, unset, is no other layout. */
function isUnset(value: Json | undefined): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Sorted keys, and store hashes cut: a new nixpkgs changes the tools in a hook, not the layout. */
function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === "string") return value.replaceAll(/\/nix\/store\/[0-9a-z]{32}-/g, "/nix/store/-");
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => !meaninglessForInstall.has(key))
      .sort()
      .map((key) => [key, canonical(value[key] as Json)] as const)
      .filter(([, inner]) => !isUnset(inner)),
  );
}

function devicesOf(disks: { [key: string]: Json }[]): string[] {
  return disks
    .map((disk) => disk["device"])
    .filter((device) => typeof device === "string")
    .sort();
}

function findMountpoints(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(findMountpoints);
  if (!isObject(value)) return [];
  const own = value["mountpoint"];
  return [
    ...(typeof own === "string" && own.startsWith("/") ? [own.replace(/(.)\/$/, "$1")] : []),
    ...Object.values(value).flatMap(findMountpoints),
  ];
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
