import { quote } from "../core/quote";
import type { Builder } from "./builders/builder";

export interface WorkingFolder {
  path: string;
  /** For passwords: in RAM where the machine has a place for that. */
  secrets: string;
}

const folders = "context/rpms context/files look sessions tmp certificates";

/**
 * Makes the working folder and stays beside it as its keeper: when it is told to, or when nobody reads its dots any
 * more, it ends what runs in there and removes everything that the build has left. A client that dies of a signal, also
 * of SIGKILL, and a connection that breaks need nothing else; Ctrl-C does not reach it. All folders, containers and
 * images of the build carry its `id`.
 */
export function keeperScript(id: string, builders: readonly Builder[]): string {
  return `set -u
umask 077
trap '' HUP INT TERM PIPE
tool=
for each in ${builders.map(({ tool }) => tool).join(" ")}; do
  command -v "$each" >/dev/null 2>&1 && { tool=$each; break; }
done
[ -n "$tool" ] || exit ${noTool}
place=\${TMPDIR:-/var/tmp}
case $place in /*) ;; *) place=/var/tmp ;; esac
work=$place/${id}
mkdir "$work" || exit ${noFolder}
secrets=$work/secrets
for place in /dev/shm "\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"; do
  [ "$(stat -f -c %T "$place" 2>/dev/null)" = tmpfs ] && mkdir "$place/${id}" 2>/dev/null && { secrets=$place/${id}; break; }
done
# A session, because timeout makes a group of its own.
in_session() {
  for each in /proc/[0-9]*; do
    { read -r stat < "$each/stat"; } 2>/dev/null || continue
    set -- \${stat##*) }
    [ "$4" = "$session" ] && [ "$1" != Z ] && printf '%s ' "\${each#/proc/}"
  done
}
end_session() {
  session=$(cat "$1") pids=$(in_session) tries=0
  kill -s TERM $pids 2>/dev/null
  while [ -n "$pids" ] && [ $tries -lt 25 ]; do tries=$((tries+1)); sleep 0.2; pids=$(in_session); done
  [ -z "$pids" ] || kill -s KILL $pids 2>/dev/null
}
remove_all() {
  rm -rf "$secrets"
  for each in "$work"/sessions/*; do [ -s "$each" ] && end_session "$each"; done
  case $tool in
${builders.map((builder) => `    ${builder.tool}) ${removeLeftovers(builder, id)} ;;`).join("\n")}
  esac >/dev/null 2>&1
  # What is mounted in there is somebody else's content.
  grep -q " $work/" /proc/self/mountinfo 2>/dev/null || rm -rf "$work"
  [ ! -e "$work" ]
}
mkdir -p "$secrets" && cd "$work" && mkdir -p ${folders} || { remove_all; exit ${noFolder}; }
printf '${readyMark}%s\\n' "$tool" "$work" "$secrets" "$("$tool" --version 2>&1 | head -n 1)"
# No builtin: its failure to write is told by every shell in another way.
while [ ! -e "$work/end" ] && env printf . 2>/dev/null; do sleep 0.3; done
remove_all
`;
}

export const readyMark = "ready ";
export const noTool = 127;
export const noFolder = 73;

function removeLeftovers(builder: Builder, id: string): string {
  const images = Object.values(imageNames(id)).map(quote).join(" ");
  return [
    `${builder.containerNames} | grep "^${id}-" | while read -r each; do ${builder.tool} rm ${builder.forceRemove} "$each"; done`,
    `for each in ${images}; do ${builder.tool} rmi "$each"; done`,
  ].join("; ");
}

/** Working containers are named after the image that they begin with: so those of this build can be told from others. */
export function imageNames(id: string): { base: string; look: string; image: string } {
  return { base: `localhost/${id}-base`, look: `localhost/${id}-look`, image: `localhost/${id}-image` };
}

/** Runs in the folder, with temporary files in it, and known to the keeper until it ends. */
export function inFolder({ path }: WorkingFolder, script: string): string {
  return `cd ${quote(path)} && export TMPDIR=${quote(`${path}/tmp`)} || exit
umask 077
read -r _ _ _ _ _ session _ < /proc/$$/stat
echo "$session" > "sessions/$$"
(
${script}
)
code=$?
rm -f "sessions/$$"
exit $code`;
}

export function endScript({ path }: WorkingFolder): string {
  return `touch ${quote(`${path}/end`)}`;
}

/** Writes a file of the folder; its text is on stdin, as all of a script is. */
export function writeFile(path: string, text: string): string {
  return `printf '%s' ${quote(text)} > ${quote(path)} || exit`;
}
