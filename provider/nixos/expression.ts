import { diskoOutputs } from "./disko-mode";

/**
 * The function that `nix eval --apply` runs over `nixosConfigurations`: the same on real NixOS and in the lab.
 * `disko.devices` holds functions and internals, of which `--json` would fail: they are dropped.
 */
export function configurationsExpression(names: readonly string[]): string {
  return `configurations:
let
  clean = value:
    if builtins.isAttrs value then
      if value ? outPath then toString value
      else builtins.mapAttrs (_: clean) (removeAttrs value (builtins.filter
        (name: builtins.substring 0 1 name == "_" || builtins.isFunction value.\${name})
        (builtins.attrNames value)))
    else if builtins.isList value then map clean (builtins.filter (item: !builtins.isFunction item) value)
    else if builtins.isPath value then toString value
    else value;
  text = value: builtins.unsafeDiscardStringContext (toString value);
  bootMode = loader:
    if loader.systemd-boot.enable or false then "uefi"
    else if !(loader.grub.enable or false) then ""
    else if loader.grub.efiSupport or false then (if (loader.grub.device or "") == "nodev" then "uefi" else "")
    else "bios";
  script = config: name:
    if builtins.hasAttr name config.system.build then text config.system.build.\${name}.outPath else "";
  unlock = config: initrd: {
    luks = builtins.mapAttrs (_: device: {
      keyFile = if (device.keyFile or null) == null then "" else text device.keyFile;
      options = map text (device.crypttabExtraOpts or [ ]);
    }) (initrd.luks.devices or { });
    initrdFiles = builtins.attrNames (initrd.secrets or { });
    clevis = if initrd.clevis.enable or false then builtins.attrNames (initrd.clevis.devices or { }) else [ ];
    asksForZfs = !(builtins.elem (config.boot.zfs.requestEncryptionCredentials or true) [ false [ ] ]);
  };
  read = { config, ... }: {
    toplevel = text config.system.build.toplevel.outPath;
    kernelRelease = config.boot.kernelPackages.kernel.modDirVersion;
    kernel = text config.boot.kernelPackages.kernel.outPath;
    modules = text (config.system.modulesTree.outPath or "");
    initrd = text config.system.build.initialRamdisk.outPath;
    kernelParams = map text config.boot.kernelParams;
    diskoScript = script config "${diskoOutputs.disko}";
    formatScript = script config "${diskoOutputs.format}";
    mountScript = script config "${diskoOutputs.mount}";
    unlock = unlock config (config.boot.initrd or { });
    needs = { system = config.system.build.toplevel.system; bootMode = bootMode config.boot.loader; };
    devices = if config ? disko then clean config.disko.devices else { };
  };
  find = name: configurations.\${name} or (throw
    "the flake has no nixosConfigurations.\${name}; it has: \${builtins.concatStringsSep ", " (builtins.attrNames configurations)}");
in builtins.listToAttrs (map (name: { inherit name; value = read (find name); }) [ ${names.map(nixString).join(" ")} ])`;
}

function nixString(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("${", "\\${")}"`;
}
