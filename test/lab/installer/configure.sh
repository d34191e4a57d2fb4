#!/bin/sh
# Turns unpacked Debian packages into the installer's root: configure.sh ROOT (runs outside of it)
set -eu
root=$1 here=$(dirname "$0")

# Without these it fits into a machine with 1 GiB of RAM.
cd "$root"
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/i18n usr/share/zoneinfo \
    usr/share/perl* usr/lib/*/perl* usr/lib/*/libperl* usr/bin/perl* usr/lib/*/gconv usr/lib/udev/hwdb.d \
    usr/bin/bash-static usr/lib/systemd/system usr/lib/systemd/system-generators var/cache boot
cd - > /dev/null

mkdir -p "$root/nix/var/nix" "$root/mnt" "$root/tmp" "$root/root" "$root/var/log" "$root/var/empty" "$root/etc/nix" \
    "$root/etc/ssh"
chmod 1777 "$root/tmp"
ln -sf bash "$root/usr/bin/sh"
ln -sf gawk "$root/usr/bin/awk" # Debian makes this link when it configures the package
for applet in reboot poweroff halt; do ln -sf ../bin/busybox "$root/usr/sbin/$applet"; done

rm -f "$root/etc/os-release"
install -m 644 "$here/os-release" "$root/etc/os-release"
install -m 644 "$here/inittab" "$root/etc/inittab"
install -m 644 "$here/nix.conf" "$root/etc/nix/nix.conf"
install -m 644 "$here/sshd_config" "$root/etc/ssh/sshd_config"
install -m 755 "$here/restore-network.sh" "$root/etc/restore-network"
install -m 755 "$here/take-lease.sh" "$root/etc/take-lease"
install -m 755 "$here/stage-1.sh" "$root/init"
echo nixos-installer > "$root/etc/hostname"
printf '127.0.0.1 localhost nixos-installer\n' > "$root/etc/hosts"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' > "$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/root:/bin/bash\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n' \
    > "$root/etc/passwd"
printf 'root:*:1::::::\nsshd:!:1::::::\n' > "$root/etc/shadow"
chmod 600 "$root/etc/shadow"
for group in root:0 tty:5 disk:6 kmem:15 dialout:20 audio:29 video:44 render:103 input:104 kvm:105 sgx:106 cdrom:24 \
    tape:26 lp:7 utmp:43 nogroup:65534; do
    echo "${group%:*}:x:${group#*:}:"
done > "$root/etc/group"
ldconfig -r "$root"
