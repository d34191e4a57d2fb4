#!/bin/sh
# Makes the root (argument) a machine that is managed over ssh, as Fedora CoreOS is. A hook of mmdebstrap, after layout.sh's
# packages and before its clean-up.
set -eu
root=$1

# Ignition makes this user on Fedora CoreOS; its key and its home come with the machine.
chroot "$root" useradd --uid 1000 --user-group --groups sudo --home-dir /var/home/core --no-create-home --shell /bin/bash core
echo '%sudo ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/coreos-sudo-group"
chmod 440 "$root/etc/sudoers.d/coreos-sudo-group"

# A machine's own keys are made when it boots for the first time.
rm -f "$root"/etc/ssh/ssh_host_*
cat > "$root/etc/ssh/sshd_config.d/10-lab.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PasswordAuthentication no
UseDNS no
END
mkdir -p "$root/etc/systemd/system/ssh.service.d"
cat > "$root/etc/systemd/system/ssh.service.d/keys.conf" <<'END'
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'for type in ed25519 ecdsa; do [ -s /etc/ssh/ssh_host_$${type}_key ] || ssh-keygen -q -N "" -t $$type -f /etc/ssh/ssh_host_$${type}_key; done'
END

cat > "$root/etc/systemd/network/10-ethernet.network" <<'END'
[Match]
Type=ether
[Network]
DHCP=ipv4
END
chroot "$root" systemctl --quiet enable systemd-networkd ssh

# As Fedora's, without the authorities of Red Hat's own registries.
mkdir -p "$root/etc/containers/certs.d"
echo '{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker-daemon":{"":[{"type":"insecureAcceptAnything"}]}}}' \
  > "$root/etc/containers/policy.json"

# What costs seconds of every first boot and serves nobody here.
for unit in getty@tty1 serial-getty@ttyS0 console-getty systemd-timesyncd ldconfig systemd-hwdb-update \
  systemd-journal-catalog-update systemd-update-utmp systemd-update-utmp-runlevel systemd-pstore e2scrub_reap.service; do
  case $unit in *.*) ;; *) unit=$unit.service ;; esac
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Whoever looks for the reason of a failed update asks for the boot before this one, as he can on Fedora.
mkdir -p "$root/usr/lib/systemd/journald.conf.d"
printf '[Journal]\nStorage=persistent\n' > "$root/usr/lib/systemd/journald.conf.d/10-lab.conf"
printf '127.0.0.1 localhost\n127.0.1.1 fcos-lab\n' > "$root/etc/hosts"
echo "d /var/home/core 0700 core core -" > "$root/usr/lib/tmpfiles.d/lab-core.conf"
