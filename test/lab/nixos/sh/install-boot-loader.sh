#!@busybox@/bin/sh
# Stand-in for NixOS' extlinux-conf-builder: install-boot-loader TOPLEVEL writes /boot/extlinux/extlinux.conf with
# an entry for every generation and makes TOPLEVEL the default. Unlike the real one it can also put extlinux on
# the disk (NIXOS_INSTALL_BOOTLOADER=1), and it lists the generations of system-profiles, as the other builders do.
set -eu
export PATH=@busybox@/bin
default=$1
profiles=/nix/var/nix/profiles
boot=/boot
keep=$(mktemp)
trap 'rm -f "$keep"' EXIT

# copied STOREFILE: copies it to /boot/nixos, at most once and atomically, and prints its name there
copied() {
  source=$(readlink -f "$1")
  name=$(echo "${source#/nix/store/}" | tr / -)
  if [ ! -e "$boot/nixos/$name" ]; then
    cp "$source" "$boot/nixos/$name.tmp.$$"
    mv -f "$boot/nixos/$name.tmp.$$" "$boot/nixos/$name"
  fi
  echo "$name" >> "$keep"
  echo "$name"
}

# entry LABEL TITLE TOPLEVEL
entry() {
  toplevel=$(readlink -f "$3")
  kernel=$(copied "$toplevel/kernel")
  initrd=$(copied "$toplevel/initrd")
  cat << END

LABEL $1
  MENU LABEL NixOS - $2
  LINUX ../nixos/$kernel
  INITRD ../nixos/$initrd
  APPEND init=$toplevel/init $(cat "$toplevel/kernel-params")
END
}

# generations PREFIX: the numbers of PREFIX-<number>-link, newest first
generations() {
  for link in "$1"-*-link; do
    [ -e "$link" ] || continue
    number=${link#"$1"-}
    echo "${number%-link}"
  done | sort -rn
}

configuration() {
  cat << END
# Generated file, all changes will be lost on nixos-rebuild!

# Change this to e.g. nixos-42 to temporarily boot to an older configuration.
DEFAULT nixos-default

MENU TITLE ------------------------------------------------------------
TIMEOUT 1
SERIAL 0 115200
END
  entry nixos-default Default "$default"
  for number in $(generations $profiles/system); do
    link=$profiles/system-$number-link
    entry "nixos-$number-default" "Configuration $number ($(cat $link/nixos-version))" $link
  done
  for profile in $profiles/system-profiles/*; do
    [ -e "$profile/nixos-version" ] || continue
    case $profile in *-link) continue ;; esac
    for number in $(generations "$profile"); do
      link=$profile-$number-link
      entry "nixos-${profile##*/}-$number-default" "Profile ${profile##*/} $number ($(cat $link/nixos-version))" $link
    done
  done
}

mkdir -p $boot/nixos $boot/extlinux
configuration > $boot/extlinux/extlinux.conf.tmp
mv -f $boot/extlinux/extlinux.conf.tmp $boot/extlinux/extlinux.conf

for file in $boot/nixos/*; do
  grep -qxF "${file##*/}" "$keep" || { echo "Removing no longer needed boot file: $file"; rm -rf "$file"; }
done

if [ "${NIXOS_INSTALL_BOOTLOADER:-}" = 1 ]; then
  partition=$(readlink -f "$(awk '$2 == "/" { device = $1 } END { print device }' /proc/mounts)")
  disk=$(basename "$(dirname "$(readlink -f "/sys/class/block/${partition#/dev/}")")")
  /usr/bin/extlinux --install $boot/extlinux
  dd if=@userland@/usr/lib/EXTLINUX/gptmbr.bin of="/dev/$disk" bs=440 count=1 conv=notrunc 2> /dev/null
fi
sync
