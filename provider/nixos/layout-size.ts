type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Device → bytes that a disko layout needs on it at the very least: its partitions of a fixed size. What cannot be read
 * for certain is not counted: a disk must never be refused that would be large enough.
 */
export function diskBytesOf(devices: Json): Record<string, number> {
  const disks = Object.values(objectIn(objectIn(devices)["disk"])).map(objectIn);
  return Object.fromEntries(
    disks.flatMap(({ device = null, content = null }) => {
      const bytes = tableBytes(objectIn(content));
      return typeof device === "string" && bytes > 0 ? [[device, bytes] as const] : [];
    }),
  );
}

function tableBytes({ type = "", partitions = null }: { [key: string]: Json }): number {
  const list =
    typeof partitions === "object" && partitions !== null ? Object.values(partitions).map(objectIn) : [];
  if (type === "gpt")
    return Math.max(sum(list.map(ownBytes)), ...list.map(({ end = "" }) => sgdiskBytes(end)));
  if (type === "table") return Math.max(0, ...list.map(({ end = "" }) => partedBytes(end)));
  return 0;
}

/** `size`, or an `end` that is relative to the partition's start. */
function ownBytes({ size = "", end = "" }: { [key: string]: Json }): number {
  const relative = /^\+(.+)/.exec(text(end))?.[1] ?? "";
  return Math.max(sgdiskBytes(size), sgdiskBytes(relative));
}

const binary = ["K", "M", "G", "T", "P"];
const decimal = ["kB", "MB", "GB", "TB"];

/** sgdisk counts in powers of 1024; "100%", "-0" and "0" are no fixed sizes, and a bare number is one of sectors. */
function sgdiskBytes(value: Json): number {
  const [, number = "", unit = ""] = /^(\d+)([KMGTP])(?:iB)?$/.exec(text(value)) ?? [];
  return number === "" ? 0 : Number(number) * 1024 ** (binary.indexOf(unit) + 1);
}

/** parted means powers of 1000, unless the unit is written with an "i". */
function partedBytes(value: Json): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([KMGTP]iB|kB|[MGT]B)$/.exec(text(value)) ?? [];
  if (number === "") return 0;
  const power = unit.endsWith("iB")
    ? 1024 ** (binary.indexOf(unit.charAt(0)) + 1)
    : 1000 ** (decimal.indexOf(unit) + 1);
  return Math.floor(Number(number) * power);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function text(value: Json): string {
  return typeof value === "string" ? value : "";
}

function objectIn(value: Json | undefined): { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
