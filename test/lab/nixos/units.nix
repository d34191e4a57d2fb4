# Shell lines that fill /etc/systemd/system ($out): our units, and links to /dev/null for what only slows a boot.
{ demoText }:
let
  unit = name: wantedBy: text: ''
    ln -s ${builtins.toFile "unit-${name}" text} $out/${name}
    ln -s ../${name} $out/${wantedBy}.wants/${name}
  '';
  fromDebian = name: wantedBy: "ln -s /usr/lib/systemd/system/${name} $out/${wantedBy}.wants/${name}";
  masked = name: "ln -s /dev/null $out/${name}";
in
[
  "ln -s /usr/lib/systemd/system/multi-user.target $out/default.target"

  # the one thing in which alpha-unit differs from alpha
  (unit "lab-demo.service" "multi-user.target" ''
    [Unit]
    Description=Demo of the lab
    [Service]
    ExecStart=/bin/sh -c 'echo ${demoText}; exec sleep infinity'
  '')

  (unit "sshd.service" "multi-user.target" ''
    [Unit]
    Description=SSH Daemon
    After=network.target
    X-StopIfChanged=false
    [Service]
    Type=notify
    ExecStartPre=/bin/sh -c '[ -s /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key'
    ExecStart=/usr/sbin/sshd -D -e
    RuntimeDirectory=sshd
    KillMode=process
    Restart=always
  '')

  (unit "nix-daemon.socket" "sockets.target" ''
    [Unit]
    Description=Nix Daemon Socket
    [Socket]
    ListenStream=/nix/var/nix/daemon-socket/socket
  '')
  ''ln -s ${
    builtins.toFile "unit-nix-daemon.service" ''
      [Unit]
      Description=Nix Daemon
      X-StopIfChanged=false
      [Service]
      ExecStart=/usr/bin/nix-daemon --daemon
      KillMode=process
    ''
  } $out/nix-daemon.service''

  (fromDebian "systemd-networkd.service" "multi-user.target")
  (fromDebian "systemd-networkd.socket" "sockets.target")
  (fromDebian "dbus.socket" "sockets.target")

  # systemd would unmount the read-only bind mount at shutdown; nixpkgs patches systemd against that
  ''
    mkdir $out/nix-store.mount.d
    printf '[Unit]\nDefaultDependencies=no\n' > $out/nix-store.mount.d/keep.conf
  ''
]
++ map masked [
  "dev-hugepages.mount"
  "dev-mqueue.mount"
  "e2scrub_all.timer"
  "e2scrub_reap.service"
  "fstrim.timer"
  "getty.target"
  "kmod-static-nodes.service"
  "ldconfig.service"
  "modprobe@.service"
  "proc-sys-fs-binfmt_misc.automount"
  "serial-getty@.service"
  "sys-fs-fuse-connections.mount"
  "sys-kernel-config.mount"
  "sys-kernel-debug.mount"
  "sys-kernel-tracing.mount"
  "systemd-ask-password-console.path"
  "systemd-ask-password-wall.path"
  "systemd-binfmt.service"
  "systemd-firstboot.service"
  "systemd-fsckd.service"
  "systemd-fsckd.socket"
  "systemd-hwdb-update.service"
  "systemd-initctl.socket"
  "systemd-journal-catalog-update.service"
  "systemd-journald-audit.socket"
  "systemd-machine-id-commit.service"
  "systemd-networkd-wait-online.service"
  "systemd-repart.service"
  "systemd-sysusers.service"
  "systemd-update-done.service"
  "systemd-update-utmp-runlevel.service"
  "systemd-update-utmp.service"
]
