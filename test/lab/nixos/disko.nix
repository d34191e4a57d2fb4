# Stand-in for disko, for one GPT disk with plain file systems: `devices` in disko's shape, internals included,
# the file systems that follow from it, and the script that wipes, formats and mounts.
{ partitions }:
let
  inherit (import ./build.nix) run template;

  disk = "/dev/disk/by-id/virtio-LABDISK1";
  lines = builtins.concatStringsSep "\n";

  noHooks = {
    preCreateHook = "";
    postCreateHook = "";
    preMountHook = "";
    postMountHook = "";
    preUnmountHook = "";
    postUnmountHook = "";
  };
  # what makes `nix eval --json` of the real thing fail
  internals = create: mount: {
    _meta = _: { deviceDependencies = { }; };
    _create = create;
    _mount.fs = mount;
    _unmount = _: "";
    _config = [ ];
    _pkgs = pkgs: [ pkgs.gptfdisk ];
  };

  filesystem =
    device: { format, mountpoint, extraArgs ? [ ] }:
    noHooks
    // internals "mkfs.${format} ${toString extraArgs} ${device}" { ${mountpoint} = "mount ${device} /mnt${mountpoint}"; }
    // {
      type = "filesystem";
      inherit device format mountpoint extraArgs;
      mountOptions = [ "defaults" ];
    };

  partition =
    name: { type ? "8300", size ? "100%", priority ? (if size == "100%" then 9001 else 1000), attributes ? [ ], content ? null }:
    let
      label = "disk-main-${name}";
      device = "/dev/disk/by-partlabel/${label}";
    in
    {
      inherit name label device type size priority attributes;
      alignment = 0;
      hybrid = null;
      uuid = null;
      start = "0";
      end = if size == "100%" then "-0" else "+${size}";
      content = if content == null then null else filesystem device content;
    };

  table = builtins.mapAttrs partition partitions;
  inOrder = builtins.sort (a: b: a.priority < b.priority) (builtins.attrValues table);
  formatted = builtins.filter (p: p.content != null) inOrder;

  devices = {
    disk.main =
      noHooks
      // internals "" { }
      // {
        type = "disk";
        name = "main";
        device = disk;
        destroy = true;
        imageName = "main";
        imageSize = "2G";
        content =
          noHooks
          // internals "" { }
          // {
            type = "gpt";
            device = disk;
            efiGptPartitionFirst = true;
            partitions = table;
          };
      };
    bcachefs_filesystems = { };
    lvm_vg = { };
    mdadm = { };
    nodev = { };
    zpool = { };
    _config = [ ];
    _mount = "";
    _packages = pkgs: [ pkgs.gptfdisk ];
    _scripts = { pkgs, ... }: { };
  };

  fileSystems = builtins.listToAttrs (
    map (p: {
      name = p.content.mountpoint;
      value = {
        inherit (p) device;
        fsType = p.content.format;
        options = p.content.mountOptions;
      };
    }) formatted
  );

  numbered = builtins.genList (i: builtins.elemAt inOrder i // { number = toString (i + 1); }) (builtins.length inOrder);
  createPartition =
    p:
    lines (
      [
        "sgdisk --align-end --new=${p.number}:${p.start}:${p.end} --partition-guid=${p.number}:R --change-name=${p.number}:${p.label} --typecode=${p.number}:${p.type} ${disk}"
      ]
      ++ map (bit: "sgdisk --attributes=${p.number}:set:${toString bit} ${disk}") p.attributes
    );
  format = p: "mkfs.${p.content.format} ${toString p.content.extraArgs} ${p.device}";
  # parents first: "/" sorts before "/data"
  mount =
    mountpoint:
    let
      fs = fileSystems.${mountpoint};
    in
    "mount ${fs.device} /mnt${mountpoint} -t ${fs.fsType} -o ${builtins.concatStringsSep "," fs.options} -o X-mount.mkdir";
in
{
  inherit devices fileSystems;

  script = run "disko" {
    text = template ./sh/disko.sh {
      inherit disk;
      createPartitions = lines (map createPartition numbered);
      format = lines (map format formatted);
      mount = lines (map mount (builtins.attrNames fileSystems));
    };
  } ''printf '%s' "$text" > $out; chmod +x $out'';
}
