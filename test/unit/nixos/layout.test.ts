import { layoutOf, layoutOfScript } from "../../../provider/nixos/layout";
import samples from "../fixtures/disko-devices.json";

type Devices = Parameters<typeof layoutOf>[0];
const layouts: Record<string, unknown> = samples.layouts;
const names = Object.keys(layouts);
const copyOf = (name: string) => JSON.parse(JSON.stringify(layouts[name])) as { disk: Record<string, Disk> };
const layout = (devices: unknown) => layoutOf(devices as Devices);

interface Disk {
  device: string;
  destroy: boolean;
  imageSize: string;
  imageName: string;
  content: {
    partitions: Record<string, { size: string; content?: { format?: string; postMountHook?: string } }>;
  };
}

const expected: Record<string, { devices: string[]; mountpoints: string[] }> = {
  "bios-ext4": { devices: ["/dev/disk/by-id/virtio-root"], mountpoints: ["/"] },
  "luks-btrfs": { devices: ["/dev/nvme0n1"], mountpoints: ["/", "/boot", "/nix"] },
  "lvm-two-disks": { devices: ["/dev/sda", "/dev/sdb"], mountpoints: ["/", "/boot", "/home"] },
  raid1: { devices: ["/dev/sda", "/dev/sdb"], mountpoints: ["/", "/boot"] },
  "tmpfs-root": { devices: ["/dev/vda"], mountpoints: ["/", "/boot", "/nix"] },
  "uefi-ext4": { devices: ["/dev/vda"], mountpoints: ["/", "/boot"] },
  "zfs-mirror": { devices: ["/dev/disk/by-id/ata-X", "/dev/disk/by-id/ata-Y"], mountpoints: ["/", "/boot"] },
};

test("every sample has its expectation", () =>
  expect(Object.keys(expected).sort()).toEqual([...names].sort()));

test.each(names)("%s: what is wiped, and what is mounted afterwards", (name) => {
  expect(layout(layouts[name])).toEqual({
    ...expected[name],
    kept: [],
    hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
});

test("no two samples have one hash", () => {
  expect(new Set(names.map((name) => layout(layouts[name]).hash)).size).toBe(names.length);
});

describe("the hash stays the same", () => {
  const reversed = (value: unknown): unknown =>
    Array.isArray(value) || typeof value !== "object" || value === null
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, inner]) => [key, reversed(inner)]),
        );

  test.each(names)("under another order of keys: %s", (name) => {
    expect(layout(reversed(layouts[name]))).toEqual(layout(layouts[name]));
  });

  test("under a new nixpkgs, whose tools in a hook have other store hashes", () => {
    const withHook = (hash: string) => {
      const devices = copyOf("uefi-ext4");
      const root = Object.values(devices.disk)[0]?.content.partitions["root"];
      if (root?.content)
        root.content.postMountHook = `/nix/store/${hash.repeat(32)}-coreutils/bin/touch /mnt/x`;
      return layout(devices).hash;
    };
    expect(withHook("a")).toBe(withHook("b"));
    expect(withHook("a")).not.toBe(layout(copyOf("uefi-ext4")).hash);
  });

  test("under another size of a disk image for tests", () => {
    const devices = copyOf("uefi-ext4");
    for (const disk of Object.values(devices.disk))
      Object.assign(disk, { imageSize: "40G", imageName: "other" });
    expect(layout(devices)).toEqual(layout(copyOf("uefi-ext4")));
  });
});

describe.each([[null], [false], [""], [[]], [{}]])("an option that is %j", (unset) => {
  test("is no other layout than one without it", () => {
    const devices = copyOf("uefi-ext4");
    for (const disk of Object.values(devices.disk)) Object.assign(disk, { newOption: unset });
    expect(layout(devices)).toEqual(layout(copyOf("uefi-ext4")));
  });
});

test("a mount point is the same with and without a slash behind, and / stays /", () => {
  const points = { a: { mountpoint: "/home/" }, b: { mountpoint: "/home" }, c: { mountpoint: "/" } };
  expect(layout(points).mountpoints).toEqual(["/", "/home"]);
});

describe("the hash changes with", () => {
  const changes: [string, (disk: Disk) => void][] = [
    [
      "a partition's size",
      (disk) => ((Object.values(disk.content.partitions)[0] as { size: string }).size = "2G"),
    ],
    ["a disk's path", (disk) => (disk.device = "/dev/sdz")],
    ["a partition less", (disk) => delete disk.content.partitions["root"]],
    ["whether a disk is wiped", (disk) => (disk.destroy = false)],
  ];
  test.each(changes)("%s", (_, change) => {
    const devices = copyOf("uefi-ext4");
    change(Object.values(devices.disk)[0] as Disk);
    expect(layout(devices).hash).not.toBe(layout(copyOf("uefi-ext4")).hash);
  });
});

test("a disk that is not destroyed is not wiped, but kept", () => {
  const devices = copyOf("raid1");
  (devices.disk["a"] as Disk).destroy = false;
  expect(layout(devices)).toMatchObject({ devices: ["/dev/sdb"], kept: ["/dev/sda"] });
});

test.each([[{}], [null], [{ disk: {} }]])("%j wipes and mounts nothing", (devices) => {
  expect(layout(devices)).toMatchObject({ devices: [], kept: [], mountpoints: [] });
});

test("of a script only the script itself is known", () => {
  const script = (hash: string) => layoutOfScript(`/nix/store/${hash.repeat(32)}-disko`);
  expect(script("a")).toEqual({ hash: "a".repeat(16), devices: [], kept: [], mountpoints: ["/"] });
  expect(script("b").hash).not.toBe(script("a").hash);
});
