import { driverNamed } from "./drivers/driver";
import { makeNext } from "./drivers/ostree";

/** Where the guard keeps what it must know; /var is the same in every deployment. */
export const guardFolder = "/var/lib/pulumi-immutable-os/guard";
export const guardUnit = "pulumi-immutable-os-guard.service";

/** Emergency mode is where a machine that comes up sick ends: what it must not do is to end the guard, too. */
export const guardWants = ["sysinit.target.wants", "emergency.target.wants"];

export const unitFile = `[Unit]
Description=Goes back to the earlier system unless the new one is confirmed
DefaultDependencies=no
IgnoreOnIsolate=yes
RequiresMountsFor=${guardFolder}
ConditionPathExists=${guardFolder}/armed
Conflicts=shutdown.target
Before=shutdown.target
[Service]
ExecStart=/bin/sh ${guardFolder}/guard.sh
`;

/** Puts the earlier deployment first, by whichever driver this system has. */
export function goBackScript(previous: string): string {
  return `if command -v rpm-ostree >/dev/null; then
${makeNext(driverNamed("rpm-ostree"), previous)}
else
${makeNext(driverNamed("bootc"), previous)}
fi
`;
}

/**
 * Waits in the new deployment until somebody confirms it, and goes back when nobody does. Whoever renames \`armed\` has
 * the word: the guard, to act exactly once, or the client, to disarm it. Time is the kernel's: clocks may be wrong here.
 */
export function guardScript(previous: string): string {
  return `dir=${guardFolder}
value() { sed -n "s/^$2=//p" $dir/$1 2>/dev/null; }
uptime() { cut -d. -f1 /proc/uptime; }
booted() { ostree admin status | sed -n 's/^\\* [^ ]* \\([0-9a-f]*\\.[0-9]*\\).*/\\1/p'; }
first() { ostree admin status | sed -n 's/^[* ] [^ ]* \\([0-9a-f]*\\.[0-9]*\\).*/\\1/p' | head -n 1; }
note() { printf '%s\\n' "$here $*" > $dir/rolled-back.tmp && mv $dir/rolled-back.tmp $dir/rolled-back; rm -f $dir/firing; sync; }
until here=$(booted) && [ -n "$here" ]; do [ -e $dir/armed ] && sleep 5 || exit 0; done
while [ -e $dir/armed ]; do
  [ "$(value armed deployment)" = "$here" ] || exit 0
  until=$(value armed seconds) held=$(cat $dir/held 2>/dev/null)
  [ "\${held:-0}" -gt "\${until:-0}" ] && until=$held
  [ -n "$until" ] && [ "$(uptime)" -ge "$until" ] && break
  sleep 5
done
mv $dir/armed $dir/firing 2>/dev/null || exit 0
if [ "$(value firing deployment)" != "$here" ]; then mv -n $dir/firing $dir/armed; exit 0; fi
words=$(timeout 300 sh $dir/go-back.sh 2>&1)
if [ "$(first)" != ${previous} ]; then note "failed $(echo "$words" | tail -n 1)"; exit 1; fi
note "${previous} $(date -u +%Y-%m-%dT%H:%M:%SZ)"
systemctl reboot
`;
}
