#!/bin/sh
# Turns a freshly installed minimal Debian into the target; runs outside of it: configure.sh ROOT PUBLIC-KEY-FILE
set -eu
root=$1 key=$2 here=$(dirname "$0")

echo debian-target > "$root/etc/hostname"
printf '127.0.0.1 localhost debian-target\n' > "$root/etc/hosts"
printf 'LABEL=debian / ext4 noatime 0 1\n' > "$root/etc/fstab"
: > "$root/etc/machine-id" # empty: every machine gets its own at its first boot

install -m 644 "$here/lab.network" "$root/etc/systemd/network/lab.network"
install -m 644 "$here/lab-sshd.conf" "$root/etc/ssh/sshd_config.d/lab.conf"
install -m 644 "$here/lab-host-keys.service" "$root/etc/systemd/system/lab-host-keys.service"
rm -f "$root"/etc/ssh/ssh_host_*
# An idle machine leaves its disk alone, so that tests can prove that nothing was written.
install -d "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\n' > "$root/etc/systemd/journald.conf.d/lab.conf"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-tmpfiles-clean.timer e2scrub_reap.service systemd-random-seed.service systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
systemctl --quiet --root="$root" enable systemd-networkd.service ssh.service lab-host-keys.service

chroot "$root" useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/admin"
# Somebody whom sudo asks for a password: "lab-sudo".
chroot "$root" useradd --create-home --shell /bin/bash --gid operator operator
echo 'operator:lab-sudo' | chroot "$root" chpasswd
echo 'operator ALL=(ALL) ALL' > "$root/etc/sudoers.d/operator"
chmod 440 "$root"/etc/sudoers.d/*
install -d -m 700 "$root/root/.ssh"
install -m 600 "$key" "$root/root/.ssh/authorized_keys"
for user in admin operator; do
    install -d -m 700 "$root/home/$user/.ssh"
    install -m 600 "$key" "$root/home/$user/.ssh/authorized_keys"
    chroot "$root" chown -R "$user:" "/home/$user/.ssh"
done

rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* \
    "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
