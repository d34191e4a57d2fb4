#!/bin/sh
# Stand-in for NixOS' stage 1: finds and mounts the root file system, then hands over to init= on it.
export PATH=/bin

fail() {
  echo "stage 1 failed: $*" > /dev/console
  exit 1 # the kernel panics, and panic=N reboots
}

# udev's links are not there yet, so they are made from what the kernel knows about its partitions
link_partitions_by_label() {
  mkdir -p /dev/disk/by-partlabel
  for uevent in /sys/class/block/*/uevent; do
    label=$(sed -n 's/^PARTNAME=//p' "$uevent")
    [ -z "$label" ] || ln -sf "../../$(sed -n 's/^DEVNAME=//p' "$uevent")" "/dev/disk/by-partlabel/$label"
  done
}

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=755,nosuid,nodev run /run
echo "<<< NixOS Stage 1 (stand-in) >>>" > /dev/console

for module in @modules@; do modprobe -q $module; done

for option in $(cat /proc/cmdline); do
  case $option in init=*) init=${option#init=} ;; esac
done
[ -n "$init" ] || fail "no init= on the kernel's command line"

tries=0
while [ ! -e @rootDevice@ ]; do
  [ $tries -lt 50 ] || fail "@rootDevice@ did not appear"
  tries=$((tries + 1))
  sleep 0.2
  link_partitions_by_label
done

mount -t @rootType@ "$(readlink -f @rootDevice@)" /mnt-root || fail "cannot mount @rootDevice@"
[ -x "/mnt-root$init" ] || fail "no $init on @rootDevice@"
for folder in dev proc sys run; do
  mkdir -p /mnt-root/$folder
  mount --move /$folder /mnt-root/$folder
done
exec switch_root /mnt-root "$init"
