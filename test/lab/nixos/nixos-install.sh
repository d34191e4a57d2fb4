#!/bin/bash
# Stand-in for nixos-install: the real one's arguments, for an already copied --system, and the real one's effects.
set -e
umask 0022

mountPoint=/mnt
system=
bootLoader=1
nixOptions=()

while [ "$#" -gt 0 ]; do
  option=$1
  shift
  case $option in
    --root) mountPoint=$1; shift ;;
    --system | --closure) system=$1; shift ;;
    --no-bootloader) bootLoader= ;;
    --no-root-password | --no-root-passwd | --no-channel-copy) ;; # there is neither a terminal nor a channel here
    --max-jobs | -j | --cores | --substituters) nixOptions+=("$option" "$1"); shift ;;
    --option) nixOptions+=("$option" "$1" "$2"); shift 2 ;;
    --show-trace | --impure | --keep-going | -v* | --verbose) nixOptions+=("$option") ;;
    --debug) set -x ;;
    *)
      echo "$0: unknown option \`$option'"
      exit 1
      ;;
  esac
done

if ! test -e "$mountPoint"; then
  echo "mount point $mountPoint doesn't exist"
  exit 1
fi
case $(stat -c %a "$mountPoint") in
  *[567]) ;;
  *)
    echo "path $mountPoint should have permissions 755, but had permissions $(stat -c %a "$mountPoint"). Consider running 'chmod o+rx $mountPoint'."
    exit 1
    ;;
esac
if [ -z "$system" ]; then
  echo "configuration file $mountPoint/etc/nixos/configuration.nix doesn't exist"
  exit 1
fi

nix-env --store "$mountPoint" "${nixOptions[@]}" -p "$mountPoint/nix/var/nix/profiles/system" --set "$system"

# Mark the target as a NixOS installation, otherwise switch-to-configuration will chicken out.
mkdir -p -m 0755 "$mountPoint/etc"
touch "$mountPoint/etc/NIXOS"

# what nixos-enter does: mounts of its own, and an activation whose failure is not fatal
enter() {
  mounted=
  trap 'for folder in $mounted; do umount -R -l "$folder"; done' EXIT
  for folder in dev proc sys; do
    mkdir -p -m 0755 "$mountPoint/$folder"
    mount --rbind "/$folder" "$mountPoint/$folder"
    mount --make-rslave "$mountPoint/$folder"
    mounted="$mounted $mountPoint/$folder"
  done
  IN_NIXOS_ENTER=1 chroot "$mountPoint" "$system/activate" 1>&2 || true
  chroot "$mountPoint" "$@"
}

if [ -n "$bootLoader" ]; then
  echo "installing the boot loader..."
  ln -sfn /proc/mounts "$mountPoint/etc/mtab"
  NIXOS_INSTALL_BOOTLOADER=1 enter /run/current-system/bin/switch-to-configuration boot
fi

echo "installation finished!"
