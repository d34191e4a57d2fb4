import type { NixosFacts } from "../../../provider/nixos/facts";
import { isInstaller, isNixos, requireInstaller } from "../../../provider/nixos/facts";
import { debianFacts, installerFacts, nixosFacts } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const mount = (source: string, target: string, type: string) => ({ source, target, type });
const inRam = mount("tmpfs", "/", "tmpfs");
const os = (id: string, variantId: string) => ({ id, variantId, versionId: "25.05", prettyName: "Linux" });

/** A NixOS whose root is made anew at each boot. */
const impermanent = (...onDisk: ReturnType<typeof mount>[]) =>
  nixosFacts(undefined, { mounts: [inRam, ...onDisk] });

test.each<[string, Partial<NixosFacts>]>([
  ["nixos-images' installer", {}],
  ["one that does not say what it is", { osRelease: os("nixos", "") }],
  ["one of another distribution's name", { osRelease: os("mine", "") }],
  ["one in the first root of the kernel", { mounts: [mount("rootfs", "/", "rootfs")] }],
  [
    "a NixOS ISO, from a stick",
    {
      mounts: [
        inRam,
        mount("/dev/sdb1", "/iso", "iso9660"),
        mount("/dev/loop0", "/nix/.ro-store", "squashfs"),
        mount("overlay", "/nix/store", "overlay"),
      ],
    },
  ],
  ["a netboot installer", { mounts: [inRam, mount("/dev/loop0", "/nix/.ro-store", "squashfs")] }],
  ["one with the new layout mounted", { mounts: [inRam, mount("/dev/vda1", "/mnt/boot", "vfat")] }],
  ["one that looks into an old disk", { mounts: [inRam, mount("/dev/vda1", "/old", "ext4")] }],
  ["one that looks into a pool", { mounts: [inRam, mount("tank/home", "/mnt/home", "zfs")] }],
])("%s is an installer, and no NixOS", (_, changes) => {
  const facts = installerFacts({ currentSystem: "/nix/store/x-nixos-system-installer", ...changes });
  expect([isInstaller(facts), isNixos(facts)]).toEqual([true, false]);
  expect(() => requireInstaller(facts, "disko")).not.toThrow();
});

test.each<[string, NixosFacts, string]>([
  ["a NixOS on its disk", nixosFacts(), "/ on /dev/vda1 (ext4)"],
  [
    "a NixOS whose os-release was edited",
    nixosFacts(undefined, { osRelease: os("nixos", "installer") }),
    "/ on /dev/vda1 (ext4)",
  ],
  [
    "a NixOS whose root is in RAM",
    impermanent(mount("/dev/vda2", "/nix", "ext4")),
    "/ on tmpfs (tmpfs), /nix on /dev/vda2 (ext4)",
  ],
  [
    "the same, when it says that it is an installer",
    { ...impermanent(mount("/dev/vda2", "/nix", "ext4")), osRelease: os("nixos", "installer") },
    "/nix on /dev/vda2 (ext4)",
  ],
  ["with its store on ZFS", impermanent(mount("rpool/nix", "/nix", "zfs")), "/nix on rpool/nix (zfs)"],
  [
    "with its store in an image on a disk",
    impermanent(mount("/dev/vda2", "/nix/store", "squashfs")),
    "/nix/store on /dev/vda2 (squashfs)",
  ],
  [
    "with its data on a disk",
    impermanent(mount("/dev/vdb", "/var/lib", "xfs")),
    "/var/lib on /dev/vdb (xfs)",
  ],
  [
    "with a root in layers, one of them on a disk",
    nixosFacts(undefined, {
      mounts: [mount("/dev/vda2", "/run/below", "ext4"), mount("overlay", "/", "overlay")],
    }),
    "/ on overlay (overlay), /run/below on /dev/vda2 (ext4)",
  ],
  [
    "a NixOS under another name",
    nixosFacts(undefined, { osRelease: os("mine", "") }),
    "/ on /dev/vda1 (ext4)",
  ],
])("%s is a NixOS, and no installer: the error says where it stands", async (_, facts, where) => {
  expect([isInstaller(facts), isNixos(facts)]).toEqual([false, true]);
  const error = await failureOf(() => requireInstaller(facts, "disko"));
  expect(error.code).toBe("not-in-installer");
  expect(error.details.seen).toContain(where);
});

test.each<[string, NixosFacts]>([
  ["Debian", debianFacts()],
  ["Debian that calls itself NixOS' installer", debianFacts({ osRelease: os("nixos", "installer") })],
  ["a Debian in RAM", debianFacts({ mounts: [inRam], osRelease: os("nixos", "installer") })],
  ["a system without a root", installerFacts({ mounts: [] })],
])("%s is neither", (_, facts) => expect([isInstaller(facts), isNixos(facts)]).toEqual([false, false]));
