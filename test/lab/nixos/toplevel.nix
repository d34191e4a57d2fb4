# The folder that NixOS calls a system or toplevel: everything that a generation consists of, by links.
{ hostName, version, kernel, kernelParams, initrd, etc }:
let
  inherit (import ./artefacts.nix) busybox userland;
  inherit (import ./build.nix) run template;

  self = builtins.placeholder "out";
  script = file: template file { inherit busybox userland; out = self; };
in
run "nixos-system-${hostName}-${version}"
  {
    init = script ./sh/stage-2.sh;
    activate = script ./sh/activate.sh;
    switchToConfiguration = script ./sh/switch-to-configuration.sh;
    installBootLoader = script ./sh/install-boot-loader.sh;
    bootspec = builtins.toJSON {
      "org.nixos.bootspec.v1" = {
        system = "x86_64-linux";
        init = "${self}/init";
        initrd = "${initrd}/initrd";
        kernel = "${kernel}/bzImage";
        inherit kernelParams;
        label = "NixOS ${version} (Linux ${kernel.modDirVersion})";
        toplevel = self;
      };
      "org.nixos.specialisation.v1" = { };
    };
  }
  ''
    mkdir -p $out/bin
    ln -s ${kernel}/bzImage $out/kernel
    ln -s ${kernel} $out/kernel-modules
    ln -s ${initrd}/initrd $out/initrd
    ln -s ${etc} $out/etc
    ln -s ${userland} $out/sw
    ln -s ${userland}/usr $out/systemd
    printf '%s' '${version}' > $out/nixos-version
    printf '%s' x86_64-linux > $out/system
    printf '%s' '${toString kernelParams}' > $out/kernel-params
    printf '%s' 'systemd 2' > $out/init-interface-version
    printf '%s' "$bootspec" > $out/boot.json
    printf '%s' "$init" > $out/init
    printf '%s' "$activate" > $out/activate
    printf '%s' "$switchToConfiguration" > $out/bin/switch-to-configuration
    printf '%s' "$installBootLoader" > $out/bin/install-boot-loader
    chmod +x $out/init $out/activate $out/bin/*
  ''
