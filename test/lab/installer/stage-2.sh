#!/bin/bash
# Stand-in for the NixOS installer's stage 2: devices, identity, network, then an init that keeps sshd running.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
echo "<<< stand-in for the NixOS installer >>>"

mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/sshd /run/lock
[ ! -d /sys/firmware/efi ] || { modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars; }

for module in virtio_pci virtio_blk virtio_net virtio_rng loop ext4 vfat; do modprobe -q "$module"; done
/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add
udevadm settle --timeout=20

# What kexec/run brought along from the system before.
hostname nixos-installer
[ ! -f /machine-id ] || cp /machine-id /etc/machine-id
cp -a /ssh/ssh_host_* /etc/ssh/ 2>/dev/null || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
install -D -m 600 /ssh/authorized_keys /root/.ssh/authorized_keys
/etc/restore-network

exec busybox init
