import {
  contentProblems,
  describeDisk,
  identityProblems,
  recordDisks,
  requireDisks,
  requireSameContent,
  type DiskDemands,
} from "../../../provider/nixos/disk-check";
import { disksWithoutConsent } from "../../../provider/nixos/consent";
import { specOf } from "../../../provider/nixos/spec";
import { debianFacts, device, disk, inputsOf, part } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const withDisk = (changes: object) => debianFacts({ disks: [disk(changes)] });
const demand = (disks: DiskDemands["disks"], more: Partial<DiskDemands> = {}): DiskDemands => ({
  ...{ disks, kept: [], leastBytes: {} },
  ...more,
});
const record = { device, serial: "LAB1", wwn: "", model: "", sizeBytes: 4294967296, holds: "" };

test.each([
  ["the declared disk", debianFacts(), {}, []],
  ["all that was declared fits", debianFacts(), { serial: "LAB1", sizeBytes: 4294967296 }, []],
  ["another serial", debianFacts(), { serial: "LAB2" }, [`${device} has serial LAB1, not LAB2`]],
  ["another wwn", debianFacts(), { wwn: "eui.1" }, [`${device} has wwn (none), not eui.1`]],
  ["another size", debianFacts(), { sizeBytes: 1 }, [`${device} has size 4294967296, not 1`]],
  ["another model", withDisk({ model: "B" }), { model: "A" }, [`${device} has model B, not A`]],
  ["a model as udev writes it", withDisk({ model: "QEMU HARDDISK" }), { model: "QEMU_HARDDISK" }, []],
  [
    "a model of which the kernel alone knows 16 characters",
    withDisk({ model: "Samsung SSD 870" }),
    { model: "Samsung SSD 870 EVO 1TB" },
    [],
  ],
  [
    "a read-only partition",
    withDisk({ parts: [part({ readOnly: true })] }),
    {},
    [`/dev/vda1 on ${device} is read-only`],
  ],
  ["read-only", withDisk({ readOnly: true }), {}, [`${device} is read-only`]],
  [
    "a path that does not exist",
    debianFacts({ devices: {} }),
    {},
    [`${device} does not exist (disks here: /dev/vda)`],
  ],
  [
    "a partition",
    debianFacts({ devices: { [device]: "/dev/vda1" } }),
    {},
    [`${device} is /dev/vda1, which is no whole disk`],
  ],
])("identity: %s", (_, facts, declared, problems) =>
  expect(identityProblems(facts, demand([{ device, ...declared }]))).toEqual(problems),
);

test.each([
  ["serial", { serial: "LAB9" }],
  ["wwn", { serial: "", wwn: "eui.9" }],
  ["size", { sizeBytes: 9 }],
])("identity: in the installer the disk has another %s than in the old system", (what, before) => {
  expect(identityProblems(debianFacts(), demand([{ device }]), [{ ...record, ...before }])).toEqual([
    expect.stringContaining(`${device} has ${what}`) as string,
  ]);
});

test.each([
  ["serial", { serial: "LAB1" }, { serial: "LAB9" }],
  ["wwn", { wwn: "eui.1" }, { wwn: "eui.9" }],
  ["size", { sizeBytes: 4294967296 }, { sizeBytes: 9 }],
])("identity: a declared %s counts, not what the old system saw", (_, declared, before) => {
  const facts = withDisk({ wwn: "eui.1" });
  const seen = [{ ...record, serial: "", wwn: "", ...before }];
  expect(identityProblems(facts, demand([{ device, ...declared }]), seen)).toEqual([]);
  expect(identityProblems(facts, demand([{ device }]), seen)).toHaveLength(1);
});

test("identity: two disks whose names swapped between the boots are told by what was recorded", () => {
  const [system, data] = [disk({ serial: "SYSTEM" }), disk({ path: "/dev/vdb", serial: "DATA" })];
  const before = debianFacts({ disks: [system, data], devices: { "/dev/vda": "/dev/vda" } });
  const swapped = debianFacts({
    disks: [
      { ...data, path: "/dev/vda" },
      { ...system, path: "/dev/vdb" },
    ],
    devices: before.devices,
  });
  const declared = [{ device: "/dev/vda" }];
  expect(identityProblems(swapped, demand(declared), recordDisks(before, declared))).toEqual([
    "/dev/vda has serial DATA, not SYSTEM",
  ]);
});

test.each([
  [4294967296, []],
  [4294967297, [`${device} has 4.0 GiB, the layout needs at least 4.0 GiB`]],
])("identity: a layout that needs %d bytes", (least, problems) => {
  const demands = demand([{ device }], { leastBytes: { [device]: least } });
  expect(identityProblems(debianFacts(), demands)).toEqual(problems);
});

test.each([
  ["serial", { wwn: "nvme.9" }],
  ["wwn", { serial: "0x5000c500", wwn: "eui.1" }],
])("identity: the same %s is enough where another lsblk calls the disk otherwise", (_, before) => {
  const facts = withDisk({ wwn: "eui.1", serial: "LAB1" });
  expect(identityProblems(facts, demand([{ device }]), [{ ...record, ...before }])).toEqual([]);
});

test("identity: what the old system could not tell is no difference", () => {
  const facts = withDisk({ wwn: "eui.1", serial: "LAB1" });
  expect(identityProblems(facts, demand([{ device }]), [{ ...record, serial: "", wwn: "" }])).toEqual([]);
});

test("identity: two names for one disk", () => {
  const facts = debianFacts({ devices: { "/dev/a": "/dev/vda", "/dev/b": "/dev/vda" } });
  const problem = ["/dev/a and /dev/b are one disk, /dev/vda"];
  expect(identityProblems(facts, demand([{ device: "/dev/a" }, { device: "/dev/b" }]))).toEqual(problem);
  expect(identityProblems(facts, demand([{ device: "/dev/a" }], { kept: ["/dev/b"] }))).toEqual(problem);
});

test("what uses a disk is refused with the commands that free it", async () => {
  const lvm = part({ path: "/dev/mapper/vg0-root", on: "/dev/vda1", type: "lvm" });
  const error = await failureOf(() =>
    requireDisks(withDisk({ parts: [part(), lvm] }), demand([{ device }]), []),
  );
  expect(error.code).toBe("disk-in-use");
  expect(error.details.next).toContain("vgchange -an 'vg0'");
  expect(error.details.what).toContain("nothing was changed");
});

test("a wrong disk stops before one in use; both change nothing", async () => {
  const used = withDisk({ parts: [part({ mountpoint: "/" })] });
  expect((await failureOf(() => requireDisks(used, demand([{ device, serial: "X" }]), []))).code).toBe(
    "wrong-disk",
  );
  expect((await failureOf(() => requireDisks(used, demand([{ device }]), [record]))).code).toBe(
    "disk-in-use",
  );
  expect(() => requireDisks(debianFacts(), demand([{ device }]), [record])).not.toThrow();
});

const known = part({ label: "root", uuid: "U1", partUuid: "P1" });
const content = { table: "T1", partitions: ["P1"], fileSystems: ["ext4 U1"] };

test("content: a foreign system that was not there is told, with what was there", async () => {
  const now = withDisk({ tableUuid: "T1", parts: [part({ fileSystem: "xfs", uuid: "U2", partUuid: "P1" })] });
  const before = [{ ...record, holds: 'holds ext4 "root"', content }];
  const problem = `${device} holds xfs (it was: holds ext4 "root"); ext4 U1 is gone, xfs U2 is new`;
  expect(contentProblems(now, demand([{ device }]), before)).toEqual([problem]);
  const error = await failureOf(() => requireSameContent(now, demand([{ device }]), before, "look"));
  expect(error).toMatchObject({ code: "wrong-disk", details: { seen: problem } });
  expect(error.details.what).toContain("nothing was changed");
});

test("content: the same, and what nobody knew before, is no problem", () => {
  const now = withDisk({ tableUuid: "T1", parts: [known] });
  expect(contentProblems(now, demand([{ device }]), [{ ...record, content }])).toEqual([]);
  expect(contentProblems(now, demand([{ device }]), [record])).toEqual([]);
  expect(contentProblems(now, demand([{ device }]), [])).toEqual([]);
  expect(recordDisks(now, [{ device }])[0]?.content).toEqual(content);
});

test("what a disk holds is recorded and described", () => {
  const facts = withDisk({
    model: "QEMU",
    parts: [part({ label: "root", mountpoint: "/" }), part({ fileSystem: "" })],
  });
  const [seen] = recordDisks(facts, [{ device }, { device: "/dev/none" }]);
  expect(describeDisk(seen!)).toBe(`${device} (QEMU, serial LAB1, 4.0 GiB; holds ext4 "root" at /, part)`);
  expect(describeDisk({ ...record, serial: "", holds: "empty" })).toBe(`${device} (4.0 GiB; empty)`);
  expect(recordDisks(debianFacts(), [{ device }])).toEqual([{ ...record, holds: "empty" }]);
});

test.each([
  ["the path", [device], undefined, []],
  ["the serial, as known", ["LAB1"], "LAB1", []],
  ["another serial", ["LAB2"], "LAB1", [device]],
  ["a serial that nobody knows", ["LAB1"], undefined, [device]],
  ["nothing", [], "LAB1", [device]],
  ["an unknown serial is no empty text", [""], "", [device]],
])("consent by %s", (_, allowReinstall, known, missing) => {
  const spec = { ...specOf(inputsOf()), allowReinstall };
  expect(disksWithoutConsent(spec, () => known)).toEqual(missing);
});
