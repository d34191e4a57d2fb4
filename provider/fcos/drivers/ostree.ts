import { quote } from "../../core/quote";
import type { Driver } from "./tool";

/** Ids of the deployments, as the boot loader tries them; a line that begins with white space and a word tells more of one. */
const shellWords = `order() {
  ostree admin status | sed -n 's/^[^[:alnum:]]*[^ ]* \\([0-9a-f]\\{64\\}\\.[0-9]\\{1,\\}\\)\\( .*\\)\\{0,1\\}$/\\1/p'
}
index() {
  place=$(order | grep -nxF "$1" | cut -d: -f1)
  [ -n "$place" ] || { echo "the disk holds no deployment $1: $(order | tr '\\n' ' ')" >&2; return 1; }
  echo $((place - 1))
}`;

/**
 * Lets the next boot start a deployment that is on the disk already, whatever is queued now; what is staged is dropped.
 * Both tools' rollback takes what stands after the running one, or puts that one back: so it is repeated until the
 * wanted end is there. What no rollback reaches (bootc's takes no system that was no container image, and only one) goes
 * by ostree's own command, which it has since 2023.6.
 */
export function makeNext(tool: Pick<Driver, "dropStaged" | "rollback">, id: string): string {
  return `${shellWords}
wanted=${quote(id)}
index "$wanted" >/dev/null || exit
if [ -e /run/ostree/staged-deployment ]; then ${tool.dropStaged} || exit; fi
left=$(order | wc -l)
while [ "$(order | head -n 1)" != "$wanted" ] && [ "$left" -gt 0 ]; do
  ${tool.rollback} || break
  left=$((left-1))
done
[ "$(order | head -n 1)" = "$wanted" ] || ostree admin set-default "$(index "$wanted")" || exit
[ "$(order | head -n 1)" = "$wanted" ] || { echo "the next boot starts $(order | head -n 1), not $wanted" >&2; exit 1; }`;
}

/** Keeps a deployment until it is unpinned: else the next one but one takes it away. */
export function pin(id: string): string {
  return `${shellWords}
place=$(index ${quote(id)}) && ostree admin pin "$place"`;
}

/** One that is gone needs nothing. */
export function unpin(id: string): string {
  return `${shellWords}
if place=$(index ${quote(id)} 2>/dev/null); then ostree admin pin --unpin "$place"; fi`;
}

/**
 * What would happen at shutdown, now: /etc is merged, kernel and initramfs are copied to /boot, the boot entries are
 * written. Prints ostree's words. Its exit code proves nothing: the unit may be started again at once by its path unit.
 */
export const finalizeStaged = `unit=ostree-finalize-staged.service
since=$(date +%s)
systemctl start "$unit" && systemctl stop "$unit"
code=$?
journalctl -u "$unit" --since "@$since" -o cat --no-pager | tail -n 40
exit $code`;
