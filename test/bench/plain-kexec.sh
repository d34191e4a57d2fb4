#!/bin/bash
# The kexec as nixos-anywhere decides on it: by the script's exit code and by ssh that fails once and then answers.
# plain-kexec.sh PORT KEY KNOWN_HOSTS BUNDLE
set -euo pipefail
port=$1 key=$2 known_hosts=$3 bundle=$4
options=(-F none -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR
    -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="$known_hosts"
    -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)
host() { ssh -p "$port" "${options[@]}" "$1@127.0.0.1" "${@:2}"; }

host admin sudo sh -c "'mkdir -p /root/install && tar -xz -C /root/install'" < "$bundle"
echo "kexec"
host admin sudo sh -c "'cd /root/install/kexec && ./run'" > /dev/null 2>&1
echo "waiting for the machine to go down"
while host admin true 2> /dev/null; do sleep 1; done
echo "waiting for the machine to come back"
until host root true 2> /dev/null; do sleep 1; done
echo "the machine answers: kexec is taken for done"
