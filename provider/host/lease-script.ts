import { quote } from "../core/quote";
import type { LeaseOwner } from "./lease-owner";

/** Renewed three times before it is over. */
const leaseSeconds = 90;
/** Nobody may write a longer one: what says more was written by a clock that was wrong. */
const longestSeconds = 3600;

const folder = "/run/pulumi-immutable-os";
export const leasePath = `${folder}/lease.json`;
const diskFolder = "/var/lib/pulumi-immutable-os";

export interface LeaseQuestion extends LeaseOwner {
  machine: string;
  run: string;
  /** When it was first taken, by the host's clock; empty: now. */
  since: string;
  /** The run of a process that is certainly over: its lease is taken at once. */
  takeOver: string;
  /** The running system is, or becomes, this resource's: the lease may stand on its disk, to be found after a reboot. */
  onDisk: boolean;
  /** How long a boot may take: for so long the lease on the disk counts longer. */
  bootSeconds: number;
}

/**
 * Takes, renews or refuses the lease, by the host's clock alone. The one in RAM decides. A link makes the first one,
 * and `over-<run>` decides who may follow one that is over: each is made by exactly one process, and a run that
 * was followed so has lost its lease for good, even if it wakes up again. Copies on disks of our own installs are
 * looked at while RAM holds none, right after a boot.
 *
 * Prints `mine` or `held`, the host's time, and the lease that stands now; anything else is an error.
 */
export function leaseScript(question: LeaseQuestion): string {
  const { holder, pid, started, client, machine, run, since, takeOver, onDisk, bootSeconds } = question;
  const owner = JSON.stringify({ holder, pid, started, client }).slice(1);
  const ours = quote(`{"machine":${JSON.stringify(machine)},`);
  const onDiskSeconds = Math.min(leaseSeconds + bootSeconds, longestSeconds);
  return `dir=${folder} lease=${leasePath} run=${run} gone=${takeOver || "none"} now=$(date +%s)
since=${since || "$now"}; mine=$dir/lease.$run.$$
part() { printf '%s\\n' "$text" | sed -n 's/^{"until":\\([0-9]\\{1,12\\}\\),"since":[0-9]*,"run":"\\([0-9a-f]*\\)",.*}$/\\'"$1"'/p'; }
print() { printf '{"until":%s,"since":%s,"run":"%s",%s\\n' $((now + $1)) "$since" "$run" ${quote(owner)}; }
is_held() {
  [ -n "$until" ] && [ "$whose" != "$run" ] && [ "$whose" != "$gone" ] &&
    [ "$until" -gt "$now" ] && [ "$until" -le $((now + ${longestSeconds})) ]
}
look() { text=$(cat "$1" 2>/dev/null); until=$(part 1); whose=$(part 2); }
say() { echo "$1 $now"; printf '%s\\n' "$text"; }
decide() {
  for try in 1 2 3 4; do
    look $lease
    if [ -d $dir/over-$run ]; then say held; return 1
    elif [ -z "$text" ]; then
      look ${diskFolder}/lease.json
      is_held && { say held; return 1; }
      [ -e $lease ] && [ ! -s $lease ] && rm -f $lease
      ln $mine $lease 2>/dev/null && return
    elif [ "$whose" = $run ]; then mv -f $mine $lease && return
    elif is_held; then say held; return 1
    elif mkdir $dir/over-$whose 2>/dev/null || [ $try = 4 ]; then mv -f $mine $lease && return
    else sleep 1; fi
  done
  echo "the lease could not be taken"; return 1
}
keep() { mkdir -p $1 && print ${onDiskSeconds} >$1/lease.$run && mv -f $1/lease.$run $1/lease.json; }
is_ours() { grep -qsF ${ours} $1/receipt.json; }
mkdir -p $dir && print ${leaseSeconds} >$mine || exit
decide; taken=$?
rm -f $mine
[ $taken = 0 ] || exit
if ${onDisk ? "true" : `is_ours ${diskFolder}`}; then keep ${diskFolder}; fi
if [ -e $dir/receipt.json ] && is_ours /mnt${diskFolder}; then keep /mnt${diskFolder}; fi
look $lease; say mine`;
}

/** Removes what is of this run, and nothing else. */
export function releaseScript(run: string): string {
  return `for lease in ${leasePath} ${diskFolder}/lease.json /mnt${diskFolder}/lease.json; do
  grep -qs '"run":"${run}"' $lease && rm -f $lease
done; true`;
}
