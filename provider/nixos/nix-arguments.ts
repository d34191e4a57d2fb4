/** Settings of nix.conf, by name. */
export type NixOptions = Readonly<Record<string, string>>;

export const nixFlags = ["--extra-experimental-features", "nix-command flakes"];

/** What every nix command here begins with. The program's own settings come last, so that they win. */
export function nixArguments(options: NixOptions = {}): string[] {
  return [...nixFlags, ...Object.entries(options).flatMap(([name, value]) => ["--option", name, value])];
}
