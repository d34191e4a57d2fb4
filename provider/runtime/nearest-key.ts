/** The known key that was meant, if one is near enough. */
export function nearestKey(wrong: string, known: readonly string[]): string | undefined {
  const written = plain(wrong);
  if (written.length > longestKey) return undefined;
  const near = known
    .map((key) => ({ key, distance: distanceOf(written, plain(key)) }))
    .sort((one, other) => one.distance - other.distance)[0];
  if (near !== undefined && near.distance <= Math.max(1, Math.floor(written.length / 3))) return near.key;
  return known.find((key) => written.length >= 3 && plain(key).startsWith(written));
}

const longestKey = 40;

/** Case and separators are the usual difference: private_key, hostkey, disko-mode. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Letters left out, added, changed, or swapped with their neighbour. */
function distanceOf(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      (rows[row] as number[])[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      );
    }
  }
  return at(one.length, other.length);
}
