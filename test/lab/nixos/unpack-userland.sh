#!/bin/bash
# unpack-userland.sh DEBS OUT: makes one folder out of Debian packages that serves as the installed system's /usr.
# What their maintainer scripts would have done is done by the configuration (etc, units, activate.sh).
set -euo pipefail
debs=$1 out=$2

# needed by the packages' own maintenance only: installing, Perl scripts, old init
unneeded='perl|perl-base|perl-modules.*|libperl.*|dpkg|debconf|ucf|adduser|cdebconf|init-system-helpers|sysvinit-utils|sensible-utils|gcc-12-base|install-info|mtools'

mkdir -p "$out"/usr/{bin,lib,lib64}
ln -s bin "$out/usr/sbin" # as in NixOS, all programs are in sw/bin
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$out/$folder"; done

for deb in "$debs"/*.deb; do
  name=${deb##*/}
  [[ ${name%%_*} =~ ^($unneeded)$ ]] && continue
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$out" --keep-directory-symlink --no-same-owner --no-same-permissions \
    --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./usr/share/info' \
    --exclude='./usr/share/lintian' --exclude='./usr/share/bug' --exclude='./usr/share/bash-completion' \
    --exclude='./usr/share/zsh' --exclude='./usr/share/polkit-1' --exclude='./usr/share/perl*' \
    --exclude='./usr/lib/x86_64-linux-gnu/perl*' --exclude='./usr/lib/x86_64-linux-gnu/gconv' \
    --exclude='./lib/udev/hwdb.d' --exclude='./usr/lib/udev/hwdb.d' --exclude='./usr/lib/systemd/catalog' \
    --exclude='./usr/lib/syslinux/modules/efi*' --exclude='./usr/lib/syslinux/memdisk' --exclude='./usr/lib/systemd/boot' \
    --exclude='./etc/init.d' --exclude='./etc/rc?.d' --exclude='./etc/sudoers*'
done
chmod -R u+w "$out"
cd "$out"
rm -rf var run boot dev home proc root sys tmp usr/games usr/src usr/local usr/lib/modules

ln -s /run/booted-system/kernel-modules/lib/modules usr/lib/modules # where kmod and udev look
ln -s mawk usr/bin/awk
ln -sf bash usr/bin/sh
printf '#!/bin/sh\necho "$(cat /run/current-system/nixos-version)"\n' > usr/bin/nixos-version
chmod +x usr/bin/nixos-version
for program in less vi ping nc; do [ -e "usr/bin/$program" ] || ln -s busybox "usr/bin/$program"; done

# nix reaches 31 MB of Unicode tables through libarchive and libxml2 and never reads them: the name alone is enough
for library in usr/lib/x86_64-linux-gnu/libicudata.so.??; do
  soname=${library##*/}
  rm "$library" "$library".*
  echo "const char icudt${soname##*.}_dat[64];" | gcc -shared -nostdlib -x c -Wl,-soname,"$soname" -o "$library" -
done
