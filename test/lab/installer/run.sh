#!/bin/sh
# Stand-in for nixos-images' kexec-run: loads the installer's kernel and boots it, with what identifies this machine.
set -eux

extra_flags=""
while [ $# -gt 0 ]; do
    case $1 in
    --kexec-extra-flags)
        extra_flags=$2
        shift
        ;;
    esac
    shift
done

here=$(dirname "$(readlink -f "$0")")
carried=$(mktemp -d -p "$here")
trap 'rm -rf "$carried"' EXIT
cd "$carried"
mkdir ssh iproute2

# Who may log in: the keys of root and of the user behind sudo; options before a key are left out.
SUDO_USER=${DOAS_USER-${SUDO_USER-}}
for user in root ${SUDO_USER:+"$SUDO_USER"}; do
    home=$(eval "echo ~$user")
    for keys in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" "/etc/ssh/authorized_keys.d/$user"; do
        [ ! -e "$keys" ] || grep -oE '(ssh|ecdsa|sk)-[^ ]+ .*' "$keys" >> ssh/authorized_keys || true
    done
done

# Who it is, and where it is reached.
for key in /etc/ssh/ssh_host_*; do
    [ ! -e "$key" ] || cp -a "$key" ssh/
done
[ ! -f /etc/machine-id ] || cp /etc/machine-id machine-id
"$here/ip" --json addr > iproute2/addrs.json
"$here/ip" -4 --json route > iproute2/routes-v4.json
"$here/ip" -6 --json route > iproute2/routes-v6.json

find . | cpio -o -H newc | gzip -9 >> "$here/initrd"

init="@init@"
syscall=""
if printf '6.1\n%s\n' "$(uname -r)" | sort -c -V; then
    syscall=--kexec-syscall-auto # older kernels answer it with errors
fi
# shellcheck disable=SC2086 # several flags
if ! "$here/kexec" --load "$here/bzImage" $syscall $extra_flags --initrd="$here/initrd" --no-checks \
    --command-line "init=$init @kernelParams@"; then
    echo "kexec failed, dumping dmesg"
    dmesg | tail -n 100
    exit 1
fi

# In the background, so that whoever started this gets an answer before the machine goes away.
echo "machine will boot into nixos in 6s..."
if [ -e /dev/kmsg ]; then
    exec > /dev/kmsg 2>&1
else
    exec > /dev/null 2>&1
fi
nohup sh -c "sleep 6 && '$here/kexec' -e $extra_flags" &
