import { parseDisks } from "../../../provider/host/disks";

const lsblk = (...blockdevices: object[]): string => JSON.stringify({ blockdevices });
const plain = { path: "/dev/vda", type: "disk", size: 1000, ro: false };

test("no lsblk, or its error: no disks are known", () => {
  expect(parseDisks("")).toEqual([]);
  expect(parseDisks("lsblk: unrecognized option: json")).toEqual([]);
  expect(parseDisks("{}")).toEqual([]);
});

test("only disks are disks", () => {
  const others = ["part", "loop", "rom", "lvm", "crypt"].map((type) => ({
    ...plain,
    type,
    path: `/dev/${type}`,
  }));
  expect(parseDisks(lsblk(...others, plain)).map((disk) => disk.path)).toEqual(["/dev/vda"]);
});

test.each<[string, object, object]>([
  [
    "numbers and booleans, since util-linux 2.33",
    { size: 1000, ro: true },
    { sizeBytes: 1000, readOnly: true },
  ],
  ["texts, before", { size: "1000", ro: "1" }, { sizeBytes: 1000, readOnly: true }],
  ["texts that say no", { size: "1000", ro: "0" }, { sizeBytes: 1000, readOnly: false }],
  ["nothing known", { size: null, ro: null }, { sizeBytes: 0, readOnly: false }],
  ["padded texts", { serial: "  S1 ", model: "QEMU HARDDISK   " }, { serial: "S1", model: "QEMU HARDDISK" }],
  ["absent texts", { serial: null, model: null, wwn: null }, { serial: "", model: "", wwn: "" }],
  ["a wwn", { wwn: "eui.0025385b71b0a1c4" }, { wwn: "eui.0025385b71b0a1c4" }],
])("%s", (_, given, expected) =>
  expect(parseDisks(lsblk({ ...plain, ...given }))[0]).toMatchObject(expected),
);

test("without the column PATH the name has to do", () => {
  const [disk] = parseDisks(
    lsblk({ name: "sda", type: "disk", size: "1", children: [{ name: "sda1", type: "part" }] }),
  );
  expect([disk?.path, disk?.parts[0]?.path]).toEqual(["/dev/sda", "/dev/sda1"]);
});

test("everything stacked on a disk is a part of it, however deep", () => {
  const root = { path: "/dev/mapper/vg-root", type: "lvm", size: 5, fstype: "ext4", mountpoint: "/" };
  const luks = {
    path: "/dev/mapper/crypted",
    type: "crypt",
    size: 6,
    fstype: "LVM2_member",
    children: [root],
  };
  const part = {
    path: "/dev/vda1",
    type: "part",
    size: 7,
    fstype: "crypto_LUKS",
    partlabel: "disk-main",
    children: [luks],
  };
  const [disk] = parseDisks(lsblk({ ...plain, children: [part] }));
  expect(disk?.parts).toEqual([
    {
      path: "/dev/vda1",
      type: "part",
      sizeBytes: 7,
      fileSystem: "crypto_LUKS",
      label: "disk-main",
      mountpoint: "",
    },
    {
      path: "/dev/mapper/crypted",
      type: "crypt",
      sizeBytes: 6,
      fileSystem: "LVM2_member",
      label: "",
      mountpoint: "",
    },
    {
      path: "/dev/mapper/vg-root",
      type: "lvm",
      sizeBytes: 5,
      fileSystem: "ext4",
      label: "",
      mountpoint: "/",
    },
  ]);
});

test("a file system right on the disk is its first part; an empty disk has none", () => {
  expect(parseDisks(lsblk({ ...plain, fstype: "ext4", mountpoint: "/" }))[0]?.parts).toMatchObject([
    { path: "/dev/vda", mountpoint: "/" },
  ]);
  expect(parseDisks(lsblk({ ...plain, fstype: null, mountpoint: null }))[0]?.parts).toEqual([]);
});

test("a file system's label goes before the partition's", () => {
  const parts = [{ path: "/dev/vda1", type: "part", label: "root", partlabel: "disk-main-root" }];
  expect(parseDisks(lsblk({ ...plain, children: parts }))[0]?.parts[0]?.label).toBe("root");
});
