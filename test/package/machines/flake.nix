# A stand-in for a NixOS flake: only the attributes that a preview reads, and nothing that could be built.
{
  outputs = _:
    let
      part = name: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; };
    in
    {
      nixosConfigurations.web.config = {
        system.build = {
          toplevel = part "nixos-system-web";
          initialRamdisk = part "initrd";
          diskoScript = part "disko";
        };
        boot = {
          kernelPackages.kernel = part "linux" // { modDirVersion = "6.12.94"; };
          kernelParams = [ "console=ttyS0" ];
          loader.systemd-boot.enable = true;
        };
        disko.devices.disk.main = { type = "disk"; device = "/dev/vda"; };
      };
    };
}
