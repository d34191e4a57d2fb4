// A stand-in for sudo: asks on stderr, reads one line from stdin by the byte, allows three tries, then runs the command.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface SudoManners {
  password?: string;
  /** Where it writes down every line that it read. */
  notes?: string;
  /** Default: true. */
  asks?: boolean;
  tries?: number;
  /** Said on stdout and on stderr before it asks. */
  lecture?: string;
  /** Its own prompt, whatever -p says, as some PAM modules have. */
  prompt?: string;
  /** Said at once, instead of asking. */
  refusal?: string;
  /** Said after the right password. */
  refusalAfterPassword?: string;
  /** Prints for ever instead of asking. */
  endless?: boolean;
  /** Takes a minute over the password. */
  slow?: boolean;
}

/** Puts a program named `sudo` into a folder, for the front of a PATH. */
export function sudoStandIn(folder: string, manners: SudoManners): void {
  const text = (name: string, value: string): string => {
    const path = join(folder, name);
    writeFileSync(path, value);
    return path;
  };
  const refuse = (name: string, words: string): string => `cat ${text(name, `${words}\n`)} >&2; exit 1`;
  const asking = `
tries=0
while :; do
  tries=$((tries + 1))
  printf '%s' "$prompt" >&2
  IFS= read -r line || { echo 'sudo: no password was provided' >&2; exit 1; }
  printf 'read %s\\n' "$line" >>${manners.notes ?? "/dev/null"}${manners.slow ? "; sleep 60" : ""}
  [ "$line" != "$(cat ${text("password", manners.password ?? "")})" ] || break
  sleep 1
  if [ "$tries" -ge ${manners.tries ?? 3} ]; then echo "sudo: $tries incorrect password attempts" >&2; exit 1; fi
  echo 'Sorry, try again.' >&2
done`;
  const script = [
    "#!/bin/sh",
    "prompt='[sudo] password for admin: '",
    'if [ "$1" = -n ]; then',
    manners.asks === false ? "shift; never=1" : "echo 'sudo: a password is required' >&2; exit 1",
    "fi",
    'if [ "$1" = -S ]; then shift; fi',
    `if [ "$1" = -p ]; then prompt=$2; shift 2; fi`,
    'if [ "$1" = -- ]; then shift; fi',
    manners.prompt === undefined ? "" : `prompt=$(cat ${text("prompt", manners.prompt)})`,
    manners.endless ? "exec yes >&2" : "",
    manners.refusal === undefined ? "" : refuse("refusal", manners.refusal),
    manners.lecture === undefined
      ? ""
      : `cat ${text("lecture", manners.lecture)}; cat ${text("lecture", manners.lecture)} >&2`,
    manners.asks === false ? "" : asking,
    manners.refusalAfterPassword === undefined ? "" : refuse("refusal-after", manners.refusalAfterPassword),
    'AS_ROOT=yes exec "$@"',
  ];
  writeFileSync(join(folder, "sudo"), `${script.filter(Boolean).join("\n")}\n`, { mode: 0o755 });
}
