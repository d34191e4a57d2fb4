#!@busybox@/bin/sh
# Stand-in for NixOS' stage 2: makes the root file system ready, activates this system, starts systemd.
export PATH=@busybox@/bin HOME=/root
systemConfig=@out@
echo "<<< NixOS Stage 2 (stand-in): $systemConfig >>>" > /dev/console

chown 0:30000 /nix/store
chmod 1775 /nix/store
mount --bind /nix/store /nix/store
mount -o remount,ro,bind /nix/store

mkdir -p -m 0755 /etc /var /var/empty /var/lib /var/log/journal /home
mkdir -p -m 1777 /tmp /var/tmp
rm -rf /var/run /var/lock /etc/mtab
mkdir -p /run/lock /run/wrappers
ln -s /run /var/run
ln -s /run/lock /var/lock
ln -s /proc/mounts /etc/mtab
mount -t tmpfs -o mode=755,nodev wrappers /run/wrappers # /run itself is nosuid

# without a machine-id systemd thinks of a first boot and applies presets to a read-only /etc/systemd/system
grep -q . /etc/machine-id 2>/dev/null || tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id

$systemConfig/activate < /dev/null > /dev/kmsg 2>&1 # a tty as stdin would let mv ask questions
ln -sfn $systemConfig /run/booted-system
ln -sfn /run/booted-system /nix/var/nix/gcroots/booted-system

exec env -i PATH=/run/wrappers/bin:/run/current-system/sw/bin \
  /run/current-system/systemd/lib/systemd/systemd < /dev/console > /dev/console 2>&1
