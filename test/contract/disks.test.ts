import { newSystem } from "./machine-inputs";
import type { Quirks } from "./machine-parts";
import type { PlayedDevice } from "./disk-quirks";
import type { Props } from "./provider-process";
import { done, failed, parseError, partial, Stage } from "./support";

const stage = new Stage();
const allParts = ["expected", "seen", "next"];

interface Declared {
  install?: Props;
  more?: Props;
}

async function declared(quirks: Quirks, { install = {}, more = {} }: Declared = {}) {
  const machine = await stage.machine(quirks);
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, system, news: { ...stage.inputs(machine, { system, install }), ...more } };
}

/** What the disk of the machine holds in the installer. */
const onPart = (changes: object) => ({
  installer: (devices: PlayedDevice[]): PlayedDevice[] =>
    devices.map((device, index) =>
      index > 0 ? device : { ...device, children: device.children?.map((part) => ({ ...part, ...changes })) },
    ),
});
const stacked = (type: string, path: string) => ({
  blockDevices: onPart({ children: [{ name: path.slice(5), path, type, size: 1, ro: false }] }),
});
const onDisk = (changes: object) => ({
  blockDevices: {
    installer: ([disk, ...rest]: PlayedDevice[]) => [{ ...disk, ...changes } as PlayedDevice, ...rest],
  },
});

const stops: [string, Quirks, { code: string; seen: RegExp; next?: RegExp }][] = [
  ["LVM uses it", stacked("lvm", "/dev/mapper/data-home"), used("LVM", /vgchange -an 'data'/)],
  ["RAID uses it", stacked("raid1", "/dev/md127"), used("RAID", /mdadm --stop '\/dev\/md127'/)],
  ["multipath uses it", stacked("mpath", "/dev/mapper/mpatha"), used("multipath", /multipath -f 'mpatha'/)],
  ["an open LUKS is on it", stacked("crypt", "/dev/mapper/c"), used("encryption", /cryptsetup close 'c'/)],
  ["bcache uses it", stacked("disk", "/dev/bcache0"), used("bcache", /bcache\/stop/)],
  [
    "ZFS uses it",
    { poolsInInstaller: "tank\t1G\n\tmirror-0\t1G\n\t/dev/vda1\t1G" },
    { code: "disk-in-use", seen: /imported ZFS pool tank/, next: /zpool export 'tank'/ },
  ],
  [
    "swap is on it",
    { blockDevices: onPart({ fstype: "swap", mountpoint: "[SWAP]" }) },
    { code: "disk-in-use", seen: /in use as swap/, next: /swapoff/ },
  ],
  [
    "it has another model",
    onDisk({ model: "OTHER" }),
    { code: "wrong-disk", seen: /has model OTHER, not QEMU/ },
  ],
  [
    "it has another size",
    onDisk({ size: 5_000_000_000 }),
    { code: "wrong-disk", seen: /has size 5000000000/ },
  ],
  ["it is read-only", onDisk({ ro: true }), { code: "wrong-disk", seen: /virtio-LABDISK1 is read-only/ }],
  [
    "a partition of it is read-only",
    { blockDevices: onPart({ ro: true }) },
    { code: "wrong-disk", seen: /\/dev\/vda1 on \S+ is read-only/ },
  ],
  [
    "a foreign system is on it",
    { blockDevices: onPart({ fstype: "xfs", label: "precious", uuid: "foreign" }) },
    {
      code: "wrong-disk",
      seen: /holds xfs "precious" \(it was: holds ext4 at \/\); ext4 file-system-0 is gone, xfs foreign is new/,
    },
  ],
];

function used(by: string, next: RegExp) {
  return { code: "disk-in-use", seen: new RegExp(`in use by ${by}: `), next };
}

test.each(stops)(
  "in the installer %s: a clear end, nothing changed, and later up goes on",
  async (_, quirks, end) => {
    const { machine, news } = await declared(quirks);
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "disko", code: end.code, parts: allParts });
    expect(message).toMatch(end.seen);
    expect(message).toMatch(end.next ?? /next: /);
    expect(message).toContain("nothing was changed");
    expect(machine.disk).toMatchObject({ wiped: 0, generation: 0 });
    expect(machine.steps.filter((step) => /^(start|release leftovers)/.test(step))).toEqual([]);

    for (const quirk of Object.keys(quirks)) delete machine.quirks[quirk as keyof Quirks];
    done(await stage.provider.update("web", props, news));
    expect(machine.disk.wiped).toBe(1);
  },
);

test("two disks whose names swapped between the boots: the serial of before tells, although none is declared", async () => {
  const swap = ([disk, other]: PlayedDevice[]) =>
    [
      { ...other, path: "/dev/vda", name: "vda" },
      { ...disk, path: "/dev/vdb", name: "vdb", children: [] },
    ] as PlayedDevice[];
  const { machine, news } = await declared(
    { blockDevices: { installer: swap } },
    {
      install: { disks: [{ device: "/dev/vda" }] },
      more: { layout: { hash: "0123456789abcdef", devices: ["/dev/vda"], kept: [], mountpoints: ["/"] } },
    },
  );
  const { message } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "disko", code: "wrong-disk", parts: allParts });
  expect(message).toContain("/dev/vda has serial DATA, not LABDISK1");
  expect(machine.disk.wiped).toBe(0);
});

test("the disk has no node in the installer: the kernel's words, nothing changed", async () => {
  const { machine, news } = await declared({
    noNodesInInstaller: true,
    kernelOnDisks: "nvme nvme0: Device not ready; aborting reset",
  });
  const { message } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "disko", code: "device-missing", parts: allParts });
  expect(message).toContain("virtio-LABDISK1 within 60 s");
  expect(message).toContain("Device not ready; aborting reset");
  expect(machine.disk.wiped).toBe(0);
});

test("disko stumbles over an old partition table: named, with the kernel's words, and not tried again", async () => {
  const { machine, news } = await declared({
    jobs: {
      disko: {
        output:
          "Error: Partition(s) 1 on /dev/vda have been written, but we have been unable to inform the kernel of the change",
        exitCode: 1,
      },
    },
    kernelOnDisks: "vda: rereading partition table failed, Device or resource busy",
  });
  const { message } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "disko", code: "disko-failed", parts: allParts });
  expect(message).toMatch(/next: .*old partition table/);
  expect(message).toContain("rereading partition table failed");
  expect(machine.steps.filter((step) => step.startsWith("start disko"))).toHaveLength(1);
});

test("after our own half-done disko the disk holds something else, in use: that is ours, and up goes on", async () => {
  const { machine, news } = await declared({
    jobs: { disko: { output: "mkfs failed", exitCode: 1 } },
    leavesVolumes: true,
  });
  const { props } = partial(await stage.provider.create(news));
  expect(machine.disk.generation).toBe(1);
  expect(JSON.parse(machine.ram.receipt)).toMatchObject({ done: ["kexec"], wiping: true });

  delete machine.quirks.jobs;
  // The state is lost as well: only the machine's receipt still knows.
  done(await stage.provider.create(news));
  expect(machine.disk.wiped).toBe(1);
  expect(machine.steps).toContain("release leftovers in installer #1");
  expect(props["unfinished"]).toBe("disko");
});

test("volumes that are not ours are not released, also not by a receipt of ours", async () => {
  const { machine, news } = await declared(stacked("lvm", "/dev/mapper/pool-root"));
  const { props } = partial(await stage.provider.create(news));
  partial(await stage.provider.update("web", props, news));
  expect(machine.steps.filter((step) => step.startsWith("release leftovers"))).toEqual([]);
});

test("a reinstall finds something else than the preview showed: refused before anything runs, until a refresh", async () => {
  const { machine, news, props } = await stage.installed();
  machine.disk.generation += 7;
  const again: Props = {
    ...news,
    install: { ...(news["install"] as Props), reinstallTrigger: "again", allowReinstall: ["LABDISK1"] },
  };
  machine.mayKexec.add("nixos");
  const { message } = failed(await stage.provider.update("web", props, again));
  expect(parseError(message)).toEqual({ phase: "preflight", code: "wrong-disk", parts: allParts });
  expect(message).toMatch(/ext4 file-system-1 is gone, ext4 file-system-8 is new/);
  expect(message).toMatch(/next: .*pulumi refresh/);
  expect(machine.disk.wiped).toBe(1);

  const { props: refreshed } = await stage.provider.read("web", props);
  done(await stage.provider.update("web", refreshed, again));
  expect(machine.disk.wiped).toBe(2);
});
