import { parsePools } from "../../../provider/host/pools";
import { usageOf } from "../../../provider/nixos/disk-usage";
import type { NixosFacts } from "../../../provider/nixos/facts";
import { debianFacts, device, disk, part } from "../support/builders";

const stacked = (type: string, path: string, changes: object = {}) =>
  part({ path, on: "/dev/vda1", type, ...changes });
const factsWith = (parts: ReturnType<typeof part>[], changes: Partial<NixosFacts> = {}) =>
  debianFacts({ disks: [disk({ parts })], swaps: ["/dev/vda9"], ...changes });
const usage = (facts: NixosFacts) => usageOf(facts, [{ device }]).map(({ what, release }) => [what, release]);

const activeOn = (by: string, path: string) => `/dev/vda1 on ${device} is in use by ${by}: ${path} is active`;

test.each<[string, ReturnType<typeof part>[], string[][]]>([
  ["nothing on it", [], []],
  ["an unmounted file system", [part()], []],
  ["a ZFS member of no imported pool", [part({ fileSystem: "zfs_member" })], []],
  ["a RAID member of no active array", [part({ fileSystem: "linux_raid_member" })], []],
  [
    "a mounted one",
    [part({ mountpoint: "/srv" })],
    [[`/dev/vda1 on ${device} is mounted at /srv`, "umount '/srv'"]],
  ],
  [
    "the running root",
    [part({ mountpoint: "/" })],
    [[`/dev/vda1 on ${device} is mounted at /, the running root`, "umount '/'"]],
  ],
  ["swap that is not in use", [part({ path: "/dev/vda2", fileSystem: "swap" })], []],
  [
    "swap that only /proc/swaps knows",
    [part({ path: "/dev/vda9" })],
    [[`/dev/vda9 on ${device} is in use as swap`, "swapoff '/dev/vda9'"]],
  ],
  [
    "a volume of LVM, its names with dashes, and swap on it",
    [part(), stacked("lvm", "/dev/mapper/my--vg-swap--0", { mountpoint: "[SWAP]" })],
    [
      [`/dev/mapper/my--vg-swap--0 on ${device} is in use as swap`, "swapoff '/dev/mapper/my--vg-swap--0'"],
      [activeOn("LVM", "/dev/mapper/my--vg-swap--0"), "vgchange -an 'my-vg'"],
    ],
  ],
  [
    "a RAID array",
    [part(), stacked("raid1", "/dev/md127")],
    [[activeOn("RAID", "/dev/md127"), "mdadm --stop '/dev/md127'"]],
  ],
  [
    "an open LUKS container",
    [part(), stacked("crypt", "/dev/mapper/crypted")],
    [[activeOn("encryption", "/dev/mapper/crypted"), "cryptsetup close 'crypted'"]],
  ],
  [
    "a path of multipath",
    [stacked("mpath", "/dev/mapper/mpatha", { on: "/dev/vda" })],
    [[`/dev/vda on ${device} is in use by multipath: /dev/mapper/mpatha is active`, "multipath -f 'mpatha'"]],
  ],
  [
    "a part of a bcache, which lsblk calls a disk",
    [part(), stacked("disk", "/dev/bcache0")],
    [[activeOn("bcache", "/dev/bcache0"), "echo 1 > /sys/block/bcache0/bcache/stop"]],
  ],
  [
    "another mapping",
    [part(), stacked("dm", "/dev/mapper/kept")],
    [[activeOn("the device mapper", "/dev/mapper/kept"), "dmsetup remove 'kept'"]],
  ],
  [
    "something that nobody here knows",
    [part(), stacked("disk", "/dev/drbd0")],
    [[activeOn("another block device", "/dev/drbd0"), ""]],
  ],
  ["a file system right on the disk, unmounted", [part({ path: "/dev/vda", on: "", type: "disk" })], []],
])("%s", (_, parts, expected) => expect(usage(factsWith(parts))).toEqual(expected));

test("what lies on top is released first", () => {
  const parts = [
    part(),
    stacked("raid1", "/dev/md0"),
    stacked("crypt", "/dev/mapper/c", { on: "/dev/md0" }),
    stacked("lvm", "/dev/mapper/vg-root", { on: "/dev/mapper/c", mountpoint: "/srv" }),
  ];
  expect(usage(factsWith(parts)).map(([, release]) => release)).toEqual([
    "umount '/srv'",
    "vgchange -an 'vg'",
    "cryptsetup close 'c'",
    "mdadm --stop '/dev/md0'",
  ]);
});

test.each([
  ["a partition", "/dev/vda1"],
  ["the whole disk", "/dev/vda"],
])("%s in an imported ZFS pool", (_, member) => {
  const facts = factsWith([part({ fileSystem: "zfs_member" })], {
    pools: [{ name: "tank", devices: ["/dev/vdb1", member] }],
  });
  expect(usage(facts)).toEqual([
    [`${member} on ${device} is in use by the imported ZFS pool tank`, "zpool export 'tank'"],
  ]);
});

test("a btrfs of two devices is in use on both, although lsblk shows the mount on one", () => {
  const btrfs = { fileSystem: "btrfs", uuid: "B1" };
  const other = disk({
    path: "/dev/vdb",
    parts: [part({ path: "/dev/vdb1", on: "/dev/vdb", ...btrfs, mountpoint: "/data" })],
  });
  const facts = debianFacts({ disks: [disk({ parts: [part(btrfs)] }), other] });
  expect(usage(facts)).toEqual([
    [`/dev/vda1 on ${device} belongs to the btrfs that is mounted at /data`, "umount '/data'"],
  ]);
});

test("usage of other disks does not matter", () => {
  const root = disk({ path: "/dev/vdb", parts: [part({ path: "/dev/vdb1", mountpoint: "/" })] });
  expect(
    usage(debianFacts({ disks: [disk(), root], pools: [{ name: "x", devices: ["/dev/vdb2"] }] })),
  ).toEqual([]);
});

test("what `zpool list -vHPL` prints is read: pools, and the devices of each", () => {
  const output = [
    "tank\t1.81T\t120G\t1.70T\t-\t-\t0%\t6%\t1.00x\tONLINE\t-",
    "\tmirror-0\t1.81T\t120G\t1.70T\t-\t-\t0%\t6.47%\t-\tONLINE",
    "\t/dev/sda2\t1.82T\t-\t-\t-\t-\t-\t-\t-\tONLINE",
    "\t/dev/sdb2\t1.82T\t-\t-\t-\t-\t-\t-\t-\tONLINE",
    "logs\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-",
    "\t/dev/nvme0n1p1\t9.5G\t-\t-\t-\t-\t-\t-\t-\tONLINE",
  ].join("\n");
  expect(parsePools(output)).toEqual([
    { name: "tank", devices: ["/dev/sda2", "/dev/sdb2"] },
    { name: "logs", devices: ["/dev/nvme0n1p1"] },
  ]);
  expect(parsePools("")).toEqual([]);
  expect(parsePools("no pools available")).toEqual([{ name: "no pools available", devices: [] }]);
});
