#!/bin/bash
# What `pulumi up` does in a create, by hand: OpenSSH, nix copy, no proof of anything. It is measured against that.
# plain-install.sh PORT KEY KNOWN_HOSTS BUNDLE FLAKE#CONFIGURATION KERNEL_RELEASE
set -euo pipefail
port=$1 key=$2 known_hosts=$3 bundle=$4 system=$5 kernel=$6
flake=${system%#*} configuration=${system#*#}

options=(-F none -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR
    -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="$known_hosts"
    -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3)
export NIX_SSHOPTS="-p $port ${options[*]}"

old() { ssh -p "$port" "${options[@]}" admin@127.0.0.1 "$@"; }
new() { ssh -p "$port" "${options[@]}" root@127.0.0.1 "$@"; }

began=$EPOCHREALTIME
phase() {
    echo "$1 $(awk "BEGIN { print $EPOCHREALTIME - $began }")"
    began=$EPOCHREALTIME
}
within_three_minutes() {
    local end=$((SECONDS + 180))
    until "$@" 2> /dev/null; do
        [ $SECONDS -lt $end ] || { echo "not within 3 min: $*" >&2; exit 1; }
        sleep 0.5
    done
}
in_installer() { new grep -q VARIANT_ID=installer /etc/os-release; }
in_installed() { [ "$(new uname -r)" = "$kernel" ] && new grep -qw ID=nixos /etc/os-release; }

old sudo sh -c "'mkdir -p /root/install && cat > /root/install/bundle.tar.gz'" < "$bundle"
old sudo tar -xzf /root/install/bundle.tar.gz -C /root/install
phase preflight

attribute="$flake#nixosConfigurations.$configuration.config.system.build"
built() { nix build --no-link --json "$attribute.$1" | sed 's|.*"out":"\([^"]*\)".*|\1|'; }
toplevel=$(built toplevel)
disko=$(built diskoScript)
phase build

old sudo sh -c "'cd /root/install/kexec && ./run'" > /dev/null 2>&1
within_three_minutes in_installer
phase kexec

nix copy --no-check-sigs --to ssh://root@127.0.0.1 "$disko"
new "$disko" > /dev/null 2>&1
phase disko

nix copy --no-check-sigs --to 'ssh://root@127.0.0.1?remote-store=local?root=/mnt' "$toplevel"
new "mkdir -p /mnt/etc/ssh && cp -p /etc/ssh/ssh_host_* /mnt/etc/ssh/ &&
    nixos-install --root /mnt --no-root-passwd --no-channel-copy --system $toplevel" > /dev/null 2>&1
phase install

new "sync; umount -R /mnt; setsid sh -c 'sleep 1; reboot' < /dev/null > /dev/null 2>&1 &"
within_three_minutes in_installed
phase reboot
