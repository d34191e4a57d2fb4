import { quote } from "../core/quote";
import { containersAuth } from "../host/registry-login";

/** How the host gets an image from a registry that does not give it to everybody, or whose certificate nobody knows. */
export interface RegistryLogin {
  /** `host` or `host:port`. */
  registry: string;
  username?: string | undefined;
  password?: string | undefined;
  certificateAuthority?: string | undefined;
}

const folder = "/run/pulumi-immutable-os/registry-login";

/**
 * The files are lent to their places for the time of one pull. Somebody's file that is there waits beside it under
 * another name, on the same disk, with a mark of this boot: whatever kills a pull, a power cut as well, the next step
 * finds it there and puts it back. The order of the steps leaves no moment in which ours and theirs look the same.
 */
function shellWords(registry: string): string {
  return `from=${folder}
boot=/proc/sys/kernel/random/boot_id
auth=/run/ostree/auth.json
authority=${quote(`/etc/containers/certs.d/${registry}/ca.crt`)}
lend() {
  [ -e "$from/$1" ] || return 0
  if cmp -s "$from/$1" "$2"; then return 0; fi
  mkdir -p "\${2%/*}" && cp "$from/$1" "$2.ours" && chmod "$3" "$2.ours" || return
  cat "$boot" > "$2.lent" || return
  [ ! -e "$2" ] || mv "$2" "$2.before" || return
  mv "$2.ours" "$2"
}
take_back() {
  if [ -e "$1.lent" ] && [ ! -e "$1.ours" ]; then rm -f "$1"; fi
  rm -f "$1.lent" "$1.ours"
  [ ! -e "$1.before" ] || mv -f "$1.before" "$1"
}
take_all_back() {
  take_back "$auth"
  take_back "$authority"
  rmdir "\${authority%/*}" 2>/dev/null
  rm -rf "$from"
}`;
}

/** Brings what is secret to the host. Never a job's script: that stays in a file. */
export function placeLogin(login: RegistryLogin): string {
  const { registry, username, password, certificateAuthority } = login;
  const files = {
    ...(username !== undefined &&
      password !== undefined && {
        "auth.json": JSON.stringify(containersAuth([registry], username, password)),
      }),
    ...(certificateAuthority !== undefined && { "ca.crt": certificateAuthority }),
  };
  return `${shellWords(registry)}
take_all_back
umask 077
mkdir -p "$from" || exit
${Object.entries(files)
  .map(([name, content]) => `printf '%s' ${quote(content)} > "$from/${name}" || exit`)
  .join("\n")}`;
}

/** Runs a script, of one command, with what was placed before; takes it back in every end. */
export function withLogin(registry: string, script: string): string {
  return `${shellWords(registry)}
trap 'code=$?; take_all_back; exit $code' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT HUP
# World-readable: the registry's client may run as nobody.
lend ca.crt "$authority" 644 && lend auth.json "$auth" 600 || exit
${script}`;
}

/** For what was placed and not used. Not while a job may still pull: its own trap does it. */
export function removeLogin(registry: string): string {
  return `${shellWords(registry)}
take_all_back
:`;
}

/** What a pull left when the machine went down with it; nothing of this boot's, which may still be at work. */
export function removeEarlierLogin(registry: string): string {
  return `${shellWords(registry)}
[ -e "$authority.lent" ] || [ -e "$authority.before" ] || exit 0
[ "$(cat "$authority.lent" 2>/dev/null)" != "$(cat "$boot")" ] || exit 0
take_back "$authority"
rmdir "\${authority%/*}" 2>/dev/null
:`;
}
