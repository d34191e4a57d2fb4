# Stage 1: a RAM disk with busybox, the modules of the root disk and stage-1.sh.
{ kernel, root }:
let
  inherit (import ./artefacts.nix) busybox;
  inherit (import ./build.nix) run template;

  # ext4 asks for its checksums by an alias that only kmod's modprobe follows
  modules = toString [ "virtio_pci" "virtio_blk" "crc32c_generic" root.fsType ];
in
run "initrd-linux-${kernel.modDirVersion}"
  {
    init = template ./sh/stage-1.sh {
      rootDevice = root.device;
      rootType = root.fsType;
      inherit modules;
    };
  }
  ''
    folder=lib/modules/${kernel.modDirVersion}
    mkdir -p tree/proc tree/sys tree/dev tree/run tree/mnt-root tree/$folder $out
    cp -r ${busybox}/bin tree/bin
    printf '%s' "$init" > tree/init
    chmod +x tree/init

    cd ${kernel}/$folder
    cp modules.* $NIX_BUILD_TOP/tree/$folder
    for module in ${modules}; do
      # a line is "file: files that it needs"; there is none for a module that is built in
      for file in $(grep "/$module\.ko[.a-z]*:" modules.dep | tr -d :); do
        mkdir -p $NIX_BUILD_TOP/tree/$folder/$(dirname $file)
        cp -f $file $NIX_BUILD_TOP/tree/$folder/$file
      done
    done

    cd $NIX_BUILD_TOP/tree
    find . | sort | cpio -o -H newc -R 0:0 | gzip -1 > $out/initrd
  ''
