/** An imported ZFS pool, and the devices that it is made of. `zfs_member` alone would not say that it is in use. */
export interface Pool {
  name: string;
  devices: string[];
}

export const poolsScript = "command -v zpool >/dev/null && zpool list -vHPL";

/** Reads `zpool list -vHPL`: a pool begins at the first column, its devices are indented. */
export function parsePools(output: string): Pool[] {
  const pools: Pool[] = [];
  for (const line of output.split("\n")) {
    const [first = "", second = ""] = line.split("\t");
    if (first !== "") pools.push({ name: first, devices: [] });
    else if (second.startsWith("/")) pools.at(-1)?.devices.push(second);
  }
  return pools;
}
