#!@busybox@/bin/sh
# Stand-in for NixOS' activation script: runs in stage 2, in nixos-install's chroot, and on a live switch.
# Only static busybox: on a live switch the C library under /usr is replaced while this runs.
export PATH=@busybox@/bin
systemConfig=@out@

# link TARGET NAME, atomically, and only when it is not so already
link() {
  [ "$(readlink "$2")" = "$1" ] && return
  ln -sfn "$1" "$2.tmp" && mv -fT "$2.tmp" "$2"
}

# copy SOURCE NAME MODE, atomically
copy() {
  cp -L "$1" "$2.tmp" && chmod "$3" "$2.tmp" && mv -fT "$2.tmp" "$2"
}

echo "setting up /bin, /lib and /usr..."
mkdir -p /run /etc /var/lib /nix/var/nix/gcroots
mkdir -p -m 1777 /tmp
mkdir -p -m 0700 /root
for folder in bin sbin lib lib64; do link usr/$folder /$folder; done
link /run/current-system/sw/usr /usr

# folders are real, files are links to /etc/static; where NAME.mode stands beside a file it is copied with that mode
echo "setting up /etc..."
link $systemConfig/etc /etc/static
cd /etc/static
find . -mindepth 1 -type d | while read -r folder; do mkdir -p "/etc/$folder"; done
find . -mindepth 1 ! -type d ! -name '*.mode' | sed 's|^\./||' | while read -r file; do
  if [ ! -e "$file.mode" ]; then
    link "/etc/static/$file" "/etc/$file"
  elif ! cmp -s "$file" "/etc/$file"; then
    copy "$file" "/etc/$file" "$(cat "$file.mode")"
  fi
done
cd /
find /etc -xdev -type l | while read -r file; do
  case $(readlink "$file") in
    /etc/static/*) [ -L "$(readlink "$file")" ] || [ -e "$file" ] || { echo "removing obsolete symlink '$file'..."; rm "$file"; } ;;
  esac
done
touch /etc/NIXOS

echo "setting up users..."
mkdir -p -m 0700 /home/admin
chown 1000:100 /home/admin

# store paths cannot be setuid; in nixos-install's chroot there is no tmpfs that allows it
if grep -q " /run/wrappers " /proc/mounts; then
  mkdir -p /run/wrappers/bin
  copy @userland@/usr/bin/sudo /run/wrappers/bin/sudo 4755
fi

link $systemConfig /run/current-system
link /run/current-system /nix/var/nix/gcroots/current-system
