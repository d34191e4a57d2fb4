# The systems that the tests install and move between.
let
  nixosSystem = import ./nixos-system.nix;

  bootPartition = {
    type = "EF02";
    size = "1M";
    priority = 100;
  };
  rootPartition = {
    attributes = [ 2 ]; # legacy BIOS bootable: what gptmbr.bin looks for
    content = {
      format = "ext4";
      extraArgs = [ "-O" "^64bit,^metadata_csum" ]; # extlinux reads neither
      mountpoint = "/";
    };
  };
  dataPartition = {
    size = "128M";
    content = {
      format = "vfat";
      mountpoint = "/data";
    };
  };

  biosExt4 = {
    boot = bootPartition;
    root = rootPartition;
  };
in
{
  alpha = nixosSystem {
    name = "alpha";
    kernel = "c";
    partitions = biosExt4;
  };

  # same kernel, initrd and parameters as alpha: it can be switched to without a reboot
  alpha-unit = nixosSystem {
    name = "alpha-unit";
    kernel = "c";
    partitions = biosExt4;
    demoText = "two";
  };

  beta = nixosSystem {
    name = "beta";
    kernel = "d";
    partitions = biosExt4;
  };

  other-layout = nixosSystem {
    name = "other-layout";
    kernel = "c";
    partitions = biosExt4 // {
      data = dataPartition;
    };
  };

  broken = nixosSystem {
    name = "broken";
    kernel = "c";
    partitions = {
      boot = bootPartition;
    };
  };
}
