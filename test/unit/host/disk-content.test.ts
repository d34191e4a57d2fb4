import { contentChange, contentOf } from "../../../provider/host/disk-content";
import { disk, part } from "../support/builders";

const root = part({ uuid: "U1", partUuid: "P1" });
const onTop = part({ path: "/dev/mapper/vg-root", on: "/dev/vda1", type: "lvm", uuid: "U9" });
const whole = disk({ tableUuid: "T1", parts: [root, onTop] });
const blank = disk({ path: "/dev/vdb" });

test("what lies directly on a disk counts; what is stacked there is active today, and not tomorrow", () => {
  expect(contentOf(whole, [whole])).toEqual({ table: "T1", partitions: ["P1"], fileSystems: ["ext4 U1"] });
});

test("an empty disk is known to be empty where the identifiers of others can be read", () => {
  expect(contentOf(blank, [blank, whole])).toEqual({ table: "", partitions: [], fileSystems: [] });
  expect(contentOf(blank, [blank])).toBeUndefined();
});

test("an lsblk that cannot tell partition tables leaves that kind out", () => {
  const old = disk({ parts: [root] });
  expect(contentOf(old, [old])).toEqual({ partitions: ["P1"], fileSystems: ["ext4 U1"] });
});

test("a file system without a partition table", () => {
  const bare = disk({ parts: [part({ path: "/dev/vda", on: "", type: "disk", uuid: "U1" })] });
  expect(contentOf(bare, [bare])).toEqual({ fileSystems: ["ext4 U1"] });
});

const content = { table: "T1", partitions: ["P1"], fileSystems: ["ext4 U1"] };

test.each([
  ["the same", content, content, ""],
  ["in another order", { partitions: ["P1", "P2"] }, { partitions: ["P2", "P1"] }, ""],
  ["nothing known before", undefined, content, ""],
  ["nothing known now", content, undefined, ""],
  ["a kind that one of them could not read", { fileSystems: ["ext4 U1"] }, content, ""],
  [
    "another table",
    content,
    { ...content, table: "T2" },
    "partition table T1 is gone, partition table T2 is new",
  ],
  ["a table where there was none", { table: "" }, { table: "T2" }, "partition table T2 is new"],
  ["a partition more", content, { ...content, partitions: ["P1", "P2"] }, "partition P2 is new"],
  ["a new file system", content, { ...content, fileSystems: ["xfs U2"] }, "ext4 U1 is gone, xfs U2 is new"],
])("%s", (_, before, now, change) => expect(contentChange(before, now)).toBe(change));
