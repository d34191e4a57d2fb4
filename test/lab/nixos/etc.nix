# /etc of a system: the files in ./etc, and what follows from the configuration.
{ hostName, version, demoText, fileSystems }:
let
  inherit (import ./artefacts.nix) authorizedKey userland;
  inherit (import ./build.nix) run;

  units = run "system-units" { } (
    "mkdir -p $out/multi-user.target.wants $out/sockets.target.wants\n"
    + builtins.concatStringsSep "\n" (import ./units.nix { inherit demoText; })
  );
  fstabLine =
    mountpoint:
    let
      fs = fileSystems.${mountpoint};
    in
    "${fs.device} ${mountpoint} ${fs.fsType} ${builtins.concatStringsSep "," fs.options} 0 0\n";
in
run "etc"
  {
    fstab = builtins.concatStringsSep "" (map fstabLine (builtins.attrNames fileSystems));
    osRelease = ''
      ID=nixos
      NAME=NixOS
      VARIANT="stand-in of the test lab"
      VERSION="${version}"
      VERSION_ID="25.05"
      PRETTY_NAME="NixOS ${version}"
    '';
  }
  ''
    cp -r ${./etc} $out
    chmod -R u+w $out
    for file in login.defs mke2fs.conf protocols services ssh/moduli; do
      mkdir -p "$(dirname $out/$file)"
      ln -s ${userland}/etc/$file $out/$file
    done
    mkdir -p $out/systemd $out/ssh/authorized_keys.d
    ln -s ${units} $out/systemd/system
    for user in root admin; do echo '${authorizedKey}' > $out/ssh/authorized_keys.d/$user; done
    echo ${hostName} > $out/hostname
    printf '127.0.0.1 localhost\n::1 localhost\n127.0.0.2 ${hostName}\n' > $out/hosts
    printf '%s' "$fstab" > $out/fstab
    printf '%s' "$osRelease" > $out/os-release
  ''
