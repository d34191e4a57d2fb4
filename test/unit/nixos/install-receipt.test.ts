import type { NixosContext } from "../../../provider/nixos/context";
import type { NixosFacts } from "../../../provider/nixos/facts";
import { diskoBegan, installReceipt } from "../../../provider/nixos/install-receipt";
import { parseInstallReceipt } from "../../../provider/nixos/receipt";
import { installKey } from "../../../provider/nixos/spec";
import { contextOf, device, inputsOf, installerFacts } from "../support/builders";

const receipt = {
  machine: "web",
  installKey: installKey(inputsOf()),
  disks: [],
  done: ["kexec"],
  attempts: [],
};

describe("the disks of the receipt", () => {
  const seen = { device, serial: "LAB1", wwn: "eui.1", sizeBytes: 7 };
  const disksOf = (facts: NixosFacts, notes: NixosContext["notes"] = {}) =>
    installReceipt({ ...contextOf(), notes }, facts, []).disks;

  test("are what this run saw before, and what was on them", () => {
    const before = { ...seen, model: "m", holds: "empty", content: { table: "" } };
    expect(disksOf(installerFacts(), { disksBefore: [before] })).toEqual([before]);
  });

  test.each<[string, object, object[]]>([
    ["of this install are kept", {}, [seen]],
    ["of another install are not", { installKey: "another" }, []],
    ["of another resource are not", { machine: "db" }, []],
  ])("%s", (_, changes, expected) => {
    expect(disksOf(installerFacts({ receipt: { ...receipt, disks: [seen], ...changes } }))).toEqual(expected);
  });
});

test.each<[string, object | undefined, NixosContext["notes"], boolean]>([
  ["a receipt that only knows of the kexec", receipt, {}, false],
  ["the receipt's mark", { ...receipt, wiping: true }, {}, true],
  ["a proved disko", { ...receipt, done: ["kexec", "disko"] }, {}, true],
  ["the mark of another install", { ...receipt, installKey: "x", wiping: true }, {}, false],
  ["the mark of another resource", { ...receipt, machine: "db", wiping: true }, {}, false],
  ["what this run or the state knows, without a receipt", undefined, { diskoBegan: true }, true],
  ["the same beside an older receipt", receipt, { diskoBegan: true }, true],
])("disko began, by %s", (_, found, notes, expected) => {
  const facts = { ...installerFacts(), receipt: found } as NixosFacts;
  expect(diskoBegan(facts, { ...contextOf(), notes })).toBe(expected);
});

test.each<[string, object, object]>([
  ["what was written", { ...receipt, wiping: true }, { ...receipt, wiping: true }],
  [
    "an older form with less in it",
    { machine: "web", installKey: "k" },
    { machine: "web", installKey: "k", disks: [], done: [], attempts: [] },
  ],
  [
    "what another kind of host left is of no install",
    { machine: "web", attempts: [], pinned: "abc.0" },
    { machine: "web", installKey: "", disks: [], done: [], attempts: [] },
  ],
])("parse %s", (_, written, expected) => {
  expect(parseInstallReceipt(JSON.stringify(written))).toEqual(expected);
});
