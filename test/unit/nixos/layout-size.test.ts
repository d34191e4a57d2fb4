import { diskBytesOf } from "../../../provider/nixos/layout-size";
import samples from "../fixtures/disko-devices.json";

type Devices = Parameters<typeof diskBytesOf>[0];
const MiB = 1024 ** 2;
const layouts = samples.layouts as unknown as Record<string, Devices>;

test.each<[string, Record<string, number>]>([
  ["bios-ext4", { "/dev/disk/by-id/virtio-root": MiB }],
  ["luks-btrfs", { "/dev/nvme0n1": 500 * MiB }],
  ["lvm-two-disks", { "/dev/sda": 500 * MiB }],
])("%s of the real disko", (name, expected) =>
  expect(diskBytesOf(layouts[name] as Devices)).toEqual(expected),
);

test("every sample of the real disko can be read", () => {
  for (const devices of Object.values(layouts)) {
    for (const bytes of Object.values(diskBytesOf(devices))) expect(bytes).toBeGreaterThanOrEqual(MiB);
  }
});

const gpt = (partitions: Devices) => ({
  disk: { a: { device: "/dev/a", content: { type: "gpt", partitions } } },
});
const table = (partitions: Devices) => ({
  disk: { a: { device: "/dev/a", content: { type: "table", partitions } } },
});
const one = (devices: Devices): number => diskBytesOf(devices)["/dev/a"] ?? 0;

test.each<[string, Devices, number]>([
  ["sizes are added", { a: { size: "1G" }, b: { size: "512M" } }, 1536 * MiB],
  ["the rest is not counted", { a: { size: "1G" }, b: { size: "100%" } }, 1024 * MiB],
  ["an end relative to the start", { a: { size: "0", end: "+2G" } }, 2048 * MiB],
  ["an end relative to the disk's end", { a: { size: "0", end: "-1G" } }, 0],
  ["an absolute end", { a: { size: "0", start: "1M", end: "300M" }, b: { size: "100M" } }, 300 * MiB],
  [
    "a size is counted once, although its end says it again",
    { a: { size: "10G", end: "+10G" } },
    10240 * MiB,
  ],
  ["terabytes", { a: { size: "2T" } }, 2 * 1024 ** 4],
  ["a number of sectors", { a: { size: "2048" } }, 0],
  ["what no disko writes", { a: { size: 5 }, b: { size: "many" }, c: null }, 0],
])("gpt: %s", (_, partitions, expected) => expect(one(gpt(partitions))).toBe(expected));

test.each<[string, Devices, number]>([
  ["the farthest end", [{ end: "1MiB" }, { end: "500MiB" }, { end: "100%" }], 500 * MiB],
  ["powers of 1000", [{ end: "2GB" }], 2_000_000_000],
  ["a size that parted counts in sectors or in megabytes", [{ end: "500" }, { end: "1M" }], 0],
])("table: %s", (_, partitions, expected) => expect(one(table(partitions))).toBe(expected));

test.each([[{}], [null], [{ disk: { a: { device: "/dev/a" } } }], [{ disk: [] }]])(
  "%j needs nothing",
  (devices) => expect(diskBytesOf(devices)).toEqual({}),
);
