#!/bin/bash
# What `pulumi up` does in a move of a FcosHost, by hand: OpenSSH and the machine's own tool, and no proof but boot_id and
# `uname -r`. It is measured against that.
# plain-move.sh PORT KEY KNOWN_HOSTS KERNEL_RELEASE COMMAND
set -euo pipefail
port=$1 key=$2 known_hosts=$3 kernel=$4 command=$5

options=(-F none -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR
    -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="$known_hosts"
    -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)
host() { ssh -p "$port" "${options[@]}" core@127.0.0.1 "$@"; }

began=$EPOCHREALTIME
phase() {
    echo "$1 $(awk "BEGIN { print $EPOCHREALTIME - $began }")"
    began=$EPOCHREALTIME
}

# One session until the machine goes down: without its "done" the read ends the script, with ssh's words on stderr.
{
    read -r earlier
    read -r _
    phase rebase
    cat > /dev/null
} < <(host "cat /proc/sys/kernel/random/boot_id; sudo $command >&2 && echo done && sudo systemctl reboot")

end=$((SECONDS + 300))
until found=$(host 'cat /proc/sys/kernel/random/boot_id; uname -r' 2> /dev/null) && [ "${found%%$'\n'*}" != "$earlier" ]; do
    [ $SECONDS -lt $end ] || { echo "no other boot within 5 min" >&2; exit 1; }
    sleep 0.5
done
[ "${found##*$'\n'}" = "$kernel" ] || { echo "it runs ${found##*$'\n'}, not $kernel" >&2; exit 1; }
phase reboot
