import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  keepReceipt,
  parseReceipt,
  receiptPaths,
  refuseForeignReceipt,
  withAttempt,
  writeReceipt,
  type Receipt,
} from "../../../provider/host/receipt";
import { failureOf } from "../support/fake-shell";

interface Own {
  done: string[];
}
const own = ({ done = [] }: Partial<Own>): Own => ({ done });

const receipt: Receipt & Own = {
  machine: 'it\'s "web" $HOME',
  done: ["kexec"],
  attempts: [{ at: "2025-01-01T00:00:00.000Z", phase: "disko", code: "disko-failed" }],
};

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "receipt-test-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** The script with its absolute places moved below a folder of this test. */
function runBelowRoot(script: string): string {
  const moved = script.replaceAll(/(?<![\w}])(\/mnt)?\/(run|var\/lib)\/pulumi-immutable-os/g, `${root}$&`);
  expect(moved).not.toMatch(/[ "](\/mnt)?\/(run|var)\//);
  return execFileSync("sh", [], { input: moved, encoding: "utf8" });
}

const ram = "/run/pulumi-immutable-os/receipt.json";
const disk = "/var/lib/pulumi-immutable-os/receipt.json";

test.each([
  ["in the installer, nothing mounted yet", { installer: true, mounted: false }, [ram]],
  ["in the installer, on the new disk as well", { installer: true, mounted: true }, [ram, `/mnt${disk}`]],
  ["in the installed system", { installer: false, mounted: false }, [disk]],
  ["a /mnt of an installed system is not ours", { installer: false, mounted: true }, [disk]],
])("written %s, read back whole, no temporary file left", (_, place, paths) => {
  const said = runBelowRoot(writeReceipt(receipt, place));
  expect(said.trim().split("\n")).toEqual(paths.map(() => JSON.stringify(receipt)));
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files).toHaveLength(paths.length);
  for (const path of paths) expect(parseReceipt(readFileSync(root + path, "utf8"), own)).toEqual(receipt);
});

test("an older receipt is replaced as a whole", () => {
  const place = { installer: false, mounted: false };
  runBelowRoot(writeReceipt(receipt, place));
  runBelowRoot(writeReceipt({ ...receipt, attempts: [] }, place));
  expect(parseReceipt(readFileSync(root + disk, "utf8"))?.attempts).toEqual([]);
});

test("a place that cannot be written ends the script with an error, and the old receipt stays", () => {
  mkdirSync(join(root, "run/pulumi-immutable-os/receipt.json.tmp"), { recursive: true });
  writeFileSync(root + ram, "old");
  expect(() => runBelowRoot(writeReceipt(receipt, { installer: true, mounted: true }))).toThrow();
  expect(readFileSync(root + ram, "utf8")).toBe("old");
});

test.each([
  ["what was written", JSON.stringify(receipt), receipt],
  ["one with less in it", '{"machine":"web"}', { machine: "web", done: [], attempts: [] }],
  ["nothing", "", undefined],
  ["half a file", '{"machine":"we', undefined],
  ["another program's file", '{"name":"web"}', undefined],
  ["null", "null", undefined],
])("parse %s", (_, json, expected) => expect(parseReceipt(json, own)).toEqual(expected));

test("what only another kind of host writes is not read", () =>
  expect(Object.keys(parseReceipt(JSON.stringify(receipt)) ?? {})).toEqual(["machine", "attempts"]));

test("the machine is written first: the lease looks for it there", () => {
  const read = parseReceipt(JSON.stringify(receipt), own) as Receipt;
  expect(
    writeReceipt(withAttempt(read, { at: "1", phase: "p", code: "c" }), { installer: false, mounted: false }),
  ).toContain(`'{"machine":`);
});

describe("a receipt of another resource", () => {
  test("is refused, and both are named", async () => {
    const error = await failureOf(() => refuseForeignReceipt("db", receipt, "set adopt: true"));
    expect([error.code, error.details.expected, error.details.seen]).toEqual([
      "foreign-machine",
      'machine "db"',
      `machine "${receipt.machine}"`,
    ]);
    expect(error.details.next).toContain("gone for good: set adopt: true");
  });

  test.each([
    ["none", undefined],
    ["one's own", { ...receipt, machine: "db" }],
  ])("%s is not", (_, kept) => {
    expect(() => refuseForeignReceipt("db", kept, "")).not.toThrow();
  });
});

test("the installer's own receipt is read before the one on the disk", () =>
  expect(receiptPaths).toEqual([ram, disk]));

test("the last five attempts are kept, and the receipt that was given is left alone", () => {
  const attempts = [1, 2, 3, 4, 5].map((n) => ({ at: `${n}`, phase: "disko", code: "disko-failed" }));
  const next = withAttempt({ ...receipt, attempts }, { at: "6", phase: "kexec", code: "unreachable" });
  expect(next.attempts.map((attempt) => attempt.at)).toEqual(["2", "3", "4", "5", "6"]);
  expect(attempts).toHaveLength(5);
});

describe("keeping it", () => {
  const answering = (answer: object) => ({
    run: () => Promise.resolve({ exitCode: 0, stdout: "", stderr: "", ...answer }),
  });
  const keep = (answer: object) =>
    keepReceipt(answering(answer), receipt, { installer: true, mounted: false });

  test("what the host read back is what was meant", async () => {
    await expect(keep({ stdout: `${JSON.stringify(receipt)}\n` })).resolves.toBeUndefined();
  });

  test.each([
    ["silence with exit code 0", {}],
    ["another content", { stdout: "{}" }],
    ["an exit code", { exitCode: 1, stdout: JSON.stringify(receipt), stderr: "No space left on device" }],
  ])("%s is an error", async (_, answer) => {
    expect((await failureOf(() => keep(answer))).message).toBe(
      "the receipt could not be written on the host",
    );
  });
});
