import { HostError } from "../../core/errors";
import { quote } from "../../core/quote";
import { changedByOthers } from "../etc-changes";
import type { FcosPhase } from "../types";

const savedFolder = "/var/lib/pulumi-immutable-os/etc-saved";

/** Gives the declared part of /etc back what the image says of it. What was there is kept beside it. */
export const etc: FcosPhase = {
  name: "etc",
  deadlineSeconds: () => 120,
  isDone: (facts) => changedByOthers(facts).length === 0,
  async run({ session }, facts) {
    const restored = await session.run(restoreScript(changedByOthers(facts)), { deadlineSeconds: 90 });
    if (restored.exitCode === 0) return;
    throw new HostError("command-failed", {
      what: "a file of /etc could not be given back what the image says of it",
      expected: changedByOthers(facts).join(", "),
      seen: restored.stderr.trim().split("\n").at(-1) || `exit code ${restored.exitCode}`,
      next: `correct it on the host, or take it out of unchangedEtc; copies are in ${savedFolder}. Then run pulumi up again`,
    });
  },
  verify(after, _context, before) {
    const left = changedByOthers(after);
    return left.length === 0
      ? { proved: `${changedByOthers(before).join(", ")}: as in the image again, copies in ${savedFolder}` }
      : {
          code: "command-failed",
          what: "/etc was given back what the image says of it, but differs again",
          expected: "no change",
          seen: left.join(", "),
          next: "find out who writes there, or take it out of unchangedEtc; then run pulumi up again",
        };
  },
};

/** Lines as `M /etc/ssh/sshd_config`: modified, deleted, added. */
export function restoreScript(changes: readonly string[]): string {
  return `saved=${savedFolder}/$(date -u +%Y%m%dT%H%M%SZ)
umask 077
restore() {
  from=/usr/etc/\${2#/etc/}
  if [ -e "$2" ] || [ -L "$2" ]; then mkdir -p "$saved\${2%/*}" && cp -a "$2" "$saved$2" || exit; fi
  if [ "$1" = A ]; then rm -rf "$2"
  elif [ -d "$from" ] && [ ! -L "$from" ] && [ -d "$2" ] && [ ! -L "$2" ]; then
    chown --reference="$from" "$2" && chmod --reference="$from" "$2"
  else (umask 022; mkdir -p "\${2%/*}") && cp -aT "$from" "$2.image" && rm -rf "$2" && mv -T "$2.image" "$2"; fi || exit
}
${changes.map((change) => `restore ${change.slice(0, 1)} ${quote(change.slice(2))}`).join("\n")}`;
}
