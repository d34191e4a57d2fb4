# Stand-in for nixpkgs' lib.nixosSystem and disko's module: the parts of `config` that an installer reads.
{ name, kernel, partitions, demoText ? "one" }:
let
  artefacts = import ./artefacts.nix;
  disko = import ./disko.nix { inherit partitions; };

  hostName = "lab";
  version = "25.05.${name}";
  kernelParams = [ "console=ttyS0" "net.ifnames=0" "mitigations=off" "panic=5" "loglevel=4" ];

  failedAssertions =
    if disko.fileSystems ? "/" then [ ] else [ "The ‘fileSystems’ option does not specify your root file system." ];
  checked =
    value:
    if failedAssertions == [ ] then
      value
    else
      throw "\nFailed assertions:\n${builtins.concatStringsSep "\n" (map (text: "- ${text}") failedAssertions)}";

  initrd = import ./initrd.nix {
    kernel = artefacts.kernels.${kernel};
    root = disko.fileSystems."/";
  };
  toplevel = import ./toplevel.nix {
    inherit hostName version kernelParams initrd;
    kernel = artefacts.kernels.${kernel};
    etc = import ./etc.nix {
      inherit hostName version demoText;
      inherit (disko) fileSystems;
    };
  };
in
{
  pkgs.system = "x86_64-linux";

  config = {
    system.build.toplevel = checked toplevel;
    system.build.initialRamdisk = checked initrd;
    system.build.kernel = artefacts.kernels.${kernel};
    system.build.diskoScript = disko.script;
    system.nixos.version = version;
    system.stateVersion = "25.05";
    nixpkgs.hostPlatform.system = "x86_64-linux";
    networking.hostName = hostName;
    boot.kernelPackages.kernel = artefacts.kernels.${kernel};
    boot.kernelParams = kernelParams;
    boot.loader.generic-extlinux-compatible.enable = true;
    boot.loader.grub.enable = false;
    boot.loader.systemd-boot.enable = false;
    fileSystems = disko.fileSystems;
    disko.devices = disko.devices;
  };
}
