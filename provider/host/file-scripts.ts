import { quote } from "../core/quote";

/** A file to be written on the host, and what it must be afterwards. */
export interface HostFile {
  path: string;
  /** The input that it comes from: what messages call it. */
  property: string;
  from: { text: string } | { localPath: string };
  size: number;
  sha256: string;
  /** As `stat -c %a` prints it: "600". */
  mode: string;
  /** `user`, `user:group`, or numbers. */
  owner: string;
}

/** Makes the folders, never through a symlink, and writes what is given as text. The rest is uploaded. */
export function prepareScript(root: string, files: readonly HostFile[]): string {
  return `root=${quote(root)}
umask 077
fail() { echo "$1" >&2; exit 3; }
room_for() {
  at=$root rest=\${1#/}
  while :; do
    at=$at/\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) break ;; esac
    [ ! -L "$at" ] || fail "$root$1: $at is a symlink to $(readlink "$at"): give the path that it leads to"
    [ -d "$at" ] || mkdir -m 755 "$at" || exit
  done
  [ -L "$at" ] || [ ! -d "$at" ] || fail "$root$1 is a folder on the host"
  rm -f "$at" "$at.part" || exit
}
write() { printf '%s' "$2" > "$root$1.part" && mv -f "$root$1.part" "$root$1" || exit; }
${files
  .map(({ path, from }) =>
    [`room_for ${quote(path)}`, ...("text" in from ? [`write ${quote(path)} ${quote(from.text)}`] : [])].join(
      "\n",
    ),
  )
  .join("\n")}`;
}

/**
 * Sets mode and owner, and prints of each file what it is now. Names are looked up in the new system's own files, whose
 * links are followed as they will lead there.
 */
export function checkScript(root: string, files: readonly HostFile[], names: boolean): string {
  return `root=${quote(root)}
inside() {
  at= rest=$1 links=40
  while [ -n "$rest" ]; do
    rest=\${rest#/}
    part=\${rest%%/*}
    case $rest in */*) rest=/\${rest#*/} ;; *) rest= ;; esac
    case $part in "" | .) continue ;; ..) at=\${at%/*}; continue ;; esac
    [ -L "$root$at/$part" ] || { at=$at/$part; continue; }
    links=$((links-1)) link=$(readlink "$root$at/$part")
    [ $links -gt 0 ] || return 1
    case $link in /*) at= ;; esac
    rest=$link$rest
  done
  echo "$root$at"
}
id_in() {
  case $2 in *[!0-9]*) sed -n "s/^$2:[^:]*:\\([0-9]*\\).*/\\1/p" "$(inside "$1")" | head -n 1 ;; *) echo "$2" ;; esac
}
settle() {
  file=$root$1
  [ ! -L "$file" ] && [ -f "$file" ] || { echo "$file is no file any more" >&2; exit 3; }
  user=$(id_in /etc/passwd "$3") group=$(id_in /etc/group "$4")
  [ -n "$user" ] || { echo "$file: the new system has no user $3" >&2; exit 3; }
  [ -n "$group" ] || { echo "$file: the new system has no group $4" >&2; exit 3; }
  chown "$user:$group" "$file" && chmod "$2" "$file" || exit
  echo "$(stat -c '%a %u:%g' "$file") $user:$group $(stat -c %s "$file") $(sha256sum < "$file" | cut -d' ' -f1)"
}
${files
  .map(({ path, mode, owner }) => `settle ${quote(path)} ${mode} ${ownerArguments(owner, names)}`)
  .join("\n")}`;
}

export function removeScript(paths: readonly string[]): string {
  const all = paths.map(quote).join(" ");
  return `rm -f ${all} ${paths.map((path) => quote(`${path}.part`)).join(" ")}
for file in ${all}; do [ ! -e "$file" ] && [ ! -e "$file.part" ] || exit 3; done
echo gone`;
}

/** Before there are users a file of a named owner is root's. */
function ownerArguments(owner: string, names: boolean): string {
  const [user = "root", group = "root"] = owner.split(":");
  const known = (name: string): string => (name === "root" || (!names && !/^\d+$/.test(name)) ? "0" : name);
  return `${quote(known(user))} ${quote(known(group))}`;
}
