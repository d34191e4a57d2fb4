import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lsblkScript, parseDisks } from "../../../provider/host/disks";

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
  ["a partition table", { ptuuid: "T1" }, { tableUuid: "T1" }],
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

test.each([
  [{ name: "sda", kname: "sda" }, "/dev/sda"],
  [{ name: "cciss!c0d0", kname: "cciss!c0d0" }, "/dev/cciss/c0d0"],
  [{ name: "cciss/c0d0", kname: "cciss!c0d0" }, "/dev/cciss/c0d0"],
  [{ name: "vg--0-root", kname: "dm-0" }, "/dev/mapper/vg--0-root"],
  [{ name: "odd!name", kname: "dm-1" }, "/dev/mapper/odd!name"],
  [{ name: "dm-2", kname: "dm-2" }, "/dev/dm-2"],
])("without the column PATH, %j is %s", (names, path) => {
  expect(parseDisks(lsblk({ ...names, type: "disk" }))[0]?.path).toBe(path);
});

describe("the script, with a stand-in for lsblk", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "lsblk-test-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(unknownColumn: string): string {
    const program = join(folder, "lsblk");
    const refuse = `case "$*" in *${unknownColumn}*) echo "lsblk: unknown column: ${unknownColumn}" >&2; exit 1;; esac`;
    writeFileSync(program, `#!/bin/sh\n${refuse}\necho '{"blockdevices":[{"name":"sda","type":"disk"}]}'\n`);
    chmodSync(program, 0o755);
    const env = { PATH: `${folder}:${process.env["PATH"]}` };
    return execFileSync("sh", ["-c", lsblkScript], { encoding: "utf8", env });
  }

  test.each(["PATH", "PTUUID", "none"])("that does not know the column %s: the disks are known", (column) => {
    expect(parseDisks(run(column)).map((disk) => disk.path)).toEqual(["/dev/sda"]);
  });
});

test("everything stacked on a disk is a part of it, however deep", () => {
  const root = {
    path: "/dev/mapper/vg-root",
    type: "lvm",
    size: 5,
    fstype: "ext4",
    uuid: "U1",
    mountpoint: "/",
  };
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
    partuuid: "P1",
    ro: true,
    children: [luks],
  };
  const [disk] = parseDisks(lsblk({ ...plain, children: [part] }));
  expect(disk?.parts).toEqual([
    {
      ...{ path: "/dev/vda1", on: "/dev/vda", type: "part", sizeBytes: 7, readOnly: true },
      ...{ fileSystem: "crypto_LUKS", label: "disk-main", uuid: "", partUuid: "P1", mountpoint: "" },
    },
    {
      ...{ path: "/dev/mapper/crypted", on: "/dev/vda1", type: "crypt", sizeBytes: 6, readOnly: false },
      ...{ fileSystem: "LVM2_member", label: "", uuid: "", partUuid: "", mountpoint: "" },
    },
    {
      ...{
        path: "/dev/mapper/vg-root",
        on: "/dev/mapper/crypted",
        type: "lvm",
        sizeBytes: 5,
        readOnly: false,
      },
      ...{ fileSystem: "ext4", label: "", uuid: "U1", partUuid: "", mountpoint: "/" },
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
