/** Where the host keeps the pids of the relays' commands: in RAM, so a reboot forgets them. */
const pidFile = "/run/pulumi-immutable-os/relay-pids";

/**
 * Ends what earlier relays left running. A host that has not noticed that its client is gone keeps the old Nix
 * daemon, which keeps its locks, and the next copy would wait for them in silence. A pid may belong to
 * somebody else by now, so it is ended only while it is still a Nix program.
 */
export function endStaleRelays(file = pidFile): string {
  return `
pids=${file}
[ -f "$pids" ] || exit 0
is_nix() {
  words=$(tr '\\000' ' ' 2>/dev/null <"/proc/$1/cmdline")
  case "\${words%% *}" in nix | nix-daemon | nix-store | */nix | */nix-daemon | */nix-store) true ;; *) false ;; esac
}
left=
while read -r pid; do
  case "$pid" in "" | *[!0-9]*) continue ;; esac
  if is_nix "$pid"; then kill "$pid" 2>/dev/null && left="$left $pid"; fi
done <"$pids"
for wait in 1 2 3; do
  still=
  for pid in $left; do if is_nix "$pid"; then still="$still $pid"; fi; done
  left=$still
  [ -n "$left" ] || break
  sleep 1
done
for pid in $left; do kill -9 "$pid" 2>/dev/null; done
rm -f "$pids"
`;
}

/** The script that becomes \`command\` and keeps its pid, so that the pid which is noted is the command's. */
export function notedCommand(command: string, file = pidFile): string {
  const folder = file.slice(0, file.lastIndexOf("/"));
  return `(umask 077; mkdir -p ${folder} && echo $$ >> ${file}); exec ${command}`;
}

/** As notedCommand, behind a mark with the nonce \`$1\`: what comes before it are words of the login shell. */
export function relayedCommand(command: string): string {
  return String.raw`printf "\036%s begin\n" "$1"; ` + notedCommand(command);
}
