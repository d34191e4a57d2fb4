/** Quotes a value for POSIX sh. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
