#!/bin/sh
# Turns a Debian root (argument) into the layout of a Fedora CoreOS container image. A hook of mmdebstrap.
set -eu
root=$1

# The database of RPM packages lies below /usr there; the one of Debian's packages joins it.
mkdir -p "$root/etc/rpm" "$root/usr/share/rpm" "$root/usr/lib/sysimage"
echo '%_dbpath /usr/share/rpm' > "$root/etc/rpm/macros"
chroot "$root" rpm --initdb
mv "$root/var/lib/dpkg" "$root/usr/lib/sysimage/dpkg"

# What Debian's ostree-boot adds to every initramfs by itself, Fedora's tools have to ask for.
rm -f "$root/etc/dracut.conf.d/ostree.conf"
echo 'compress="zstd"' > "$root/etc/dracut.conf.d/10-lab.conf"

# Whoever looks at the serial line shall see which kernel came up.
cat > "$root/usr/lib/systemd/system/lab-booted.service" <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "lab: booted with kernel $(uname -r)" > /dev/console'
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl --quiet enable lab-booted
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
chroot "$root" passwd --lock root > /dev/null
: > "$root/etc/machine-id"
echo fcos-lab > "$root/etc/hostname"

# State below /var and /run only; the rest is links to it.
cd "$root"
rm -rf boot home root opt srv mnt media usr/local
mkdir boot sysroot
link() { ln -s "$2" "$1"; }
link home var/home
link root var/roothome
link opt var/opt
link srv var/srv
link mnt var/mnt
link media run/media
link ostree sysroot/ostree
link usr/local ../var/usrlocal
for folder in home:0755 roothome:0700 opt:0755 srv:0755 mnt:0755 usrlocal:0755 lib:0755 log:0755 cache:0755 tmp:1777; do
  echo "d /var/${folder%:*} ${folder#*:} root root -"
done > usr/lib/tmpfiles.d/lab-var.conf

# What a machine without people needs not; 98ostree of dracut needs the rest.
rm -rf usr/share/man usr/share/doc usr/share/info usr/share/locale usr/share/lintian usr/share/zoneinfo usr/lib/udev/hwdb.d
# The files of its own there are mmdebstrap's, which still reads them.
find tmp -mindepth 1 ! -name 'mmdebstrap.apt.conf.*' -delete
rm -rf var/* run/*
mkdir -m 1777 var/tmp
