import {
  describeDisk,
  identityProblems,
  recordDisks,
  requireDisks,
  usageProblems,
} from "../../../provider/nixos/disk-check";
import { disksWithoutConsent } from "../../../provider/nixos/consent";
import { specOf } from "../../../provider/nixos/spec";
import { debianFacts, device, disk, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const part = (changes: object) => ({
  path: "/dev/vda1",
  type: "part",
  sizeBytes: 1,
  fileSystem: "ext4",
  label: "",
  mountpoint: "",
  ...changes,
});
const withDisk = (changes: object) => debianFacts({ disks: [disk(changes)] });
const record = { device, serial: "LAB1", wwn: "", model: "", sizeBytes: 4294967296, holds: "" };

test.each([
  ["the declared disk", debianFacts(), {}, []],
  ["all that was declared fits", debianFacts(), { serial: "LAB1", sizeBytes: 4294967296 }, []],
  ["another serial", debianFacts(), { serial: "LAB2" }, [`${device} has serial LAB1, not LAB2`]],
  ["another wwn", debianFacts(), { wwn: "eui.1" }, [`${device} has wwn (none), not eui.1`]],
  ["another size", debianFacts(), { sizeBytes: 1 }, [`${device} has size 4294967296, not 1`]],
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
  expect(identityProblems(facts, [{ device, ...declared }])).toEqual(problems),
);

test.each([
  ["serial", { serial: "LAB9" }],
  ["wwn", { wwn: "eui.9" }],
  ["size", { sizeBytes: 9 }],
])("identity: in the installer the disk has another %s than in the old system", (what, before) => {
  expect(identityProblems(debianFacts(), [{ device }], [{ ...record, ...before }])).toEqual([
    expect.stringContaining(`${device} has ${what}`) as string,
  ]);
});

test.each([
  ["serial", { serial: "LAB1" }, { serial: "LAB9" }],
  ["wwn", { wwn: "eui.1" }, { wwn: "eui.9" }],
  ["size", { sizeBytes: 4294967296 }, { sizeBytes: 9 }],
])("identity: a declared %s counts, not what the old system saw", (_, declared, before) => {
  const facts = withDisk({ wwn: "eui.1" });
  const seen = [{ ...record, wwn: "eui.1", ...before }];
  expect(identityProblems(facts, [{ device, ...declared }], seen)).toEqual([]);
  expect(identityProblems(facts, [{ device }], seen)).toHaveLength(1);
});

test("identity: what the old system could not tell is no difference", () => {
  const facts = withDisk({ wwn: "eui.1", serial: "LAB1" });
  expect(identityProblems(facts, [{ device }], [{ ...record, serial: "", wwn: "" }])).toEqual([]);
});

test("identity: two names for one disk", () => {
  const facts = debianFacts({ devices: { "/dev/a": "/dev/vda", "/dev/b": "/dev/vda" } });
  expect(identityProblems(facts, [{ device: "/dev/a" }, { device: "/dev/b" }])).toEqual([
    "two of the declared disks are the same disk",
  ]);
});

test.each([
  ["nothing on it", {}, []],
  ["an unmounted file system", { parts: [part({})] }, []],
  ["a mounted one", { parts: [part({ mountpoint: "/" })] }, [`/dev/vda1 on ${device} is mounted at /`]],
  ["swap that is not in use", { parts: [part({ path: "/dev/vda2", mountpoint: "" })] }, []],
  [
    "swap",
    { parts: [part({ path: "/dev/vda9", mountpoint: "[SWAP]" })] },
    [`/dev/vda9 on ${device} is in use as swap`],
  ],
  [
    "swap that /proc/swaps calls by its other name",
    { parts: [part({ path: "/dev/mapper/vg-swap", mountpoint: "[SWAP]" })] },
    [`/dev/mapper/vg-swap on ${device} is in use as swap`],
  ],
  [
    "swap that only /proc/swaps knows",
    { parts: [part({ path: "/dev/vda9" })] },
    [`/dev/vda9 on ${device} is in use as swap`],
  ],
])("usage: %s", (_, changes, problems) => {
  expect(usageProblems(debianFacts({ disks: [disk(changes)], swaps: ["/dev/vda9"] }), [{ device }])).toEqual(
    problems,
  );
});

test("usage of other disks does not matter", () => {
  const root = disk({ path: "/dev/vdb", parts: [part({ path: "/dev/vdb1", mountpoint: "/" })] });
  expect(usageProblems(debianFacts({ disks: [disk(), root] }), [{ device }])).toEqual([]);
});

test("a wrong disk stops before one in use; both change nothing", async () => {
  const used = withDisk({ parts: [part({ mountpoint: "/" })] });
  expect((await failureOf(() => requireDisks(used, [{ device, serial: "X" }], []))).code).toBe("wrong-disk");
  expect((await failureOf(() => requireDisks(used, [{ device }], [record]))).code).toBe("disk-in-use");
  expect(() => requireDisks(debianFacts(), [{ device }], [record])).not.toThrow();
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
