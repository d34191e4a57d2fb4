import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseRpmHeader } from "../../../provider/image/rpm-header";
import { rpm } from "../support/rpm-writer";

/** Made by rpmbuild 4.18. */
const fixture = (name: string): Buffer => readFileSync(join(__dirname, "../fixtures/rpm", name));

test("what rpmbuild wrote", () => {
  expect(parseRpmHeader(fixture("kernel-core-6.12.9-200.fc41.x86_64.rpm"))).toEqual({
    name: "kernel-core",
    version: "6.12.9",
    release: "200.fc41",
    architecture: "x86_64",
    provides: [
      { name: "installonlypkg(kernel)", version: "" },
      { name: "kernel-core", version: "6.12.9-200.fc41" },
      { name: "kernel-core(x86-64)", version: "6.12.9-200.fc41" },
      { name: "kernel-core-uname-r", version: "6.12.9-200.fc41.x86_64" },
      { name: "kernel-uname-r", version: "6.12.9-200.fc41.x86_64" },
    ],
  });
});

test("a front that is too short says how much it takes, until it is enough", () => {
  const file = fixture("kernel-core-6.12.9-200.fc41.x86_64.rpm");
  const needed: number[] = [];
  for (let length = 0; ;) {
    const header = parseRpmHeader(file.subarray(0, length));
    if (!("needs" in header)) break;
    expect(header.needs).toBeGreaterThan(length);
    needed.push((length = header.needs));
  }
  expect(needed).toHaveLength(3);
  expect(needed.at(-1)).toBeLessThan(file.length);
});

test("bytes in the middle of a larger buffer", () => {
  const file = rpm({ name: "kernel-core" });
  const larger = Buffer.concat([Buffer.from("before"), file]);
  expect(parseRpmHeader(larger.subarray(6))).toMatchObject({ name: "kernel-core" });
});

test("an epoch is read", () => {
  expect(parseRpmHeader(rpm({ name: "kernel-core", epoch: 3 }))).toMatchObject({ epoch: 3 });
  expect(parseRpmHeader(rpm({ name: "kernel-core" }))).not.toHaveProperty("epoch");
});

const damaged = (change: (file: Buffer) => void): Buffer => {
  const file = rpm({ name: "kernel-core" });
  change(file);
  return file;
};

test.each([
  ["a web page", Buffer.from(`<!DOCTYPE html>${" ".repeat(200)}`), /begins with "<!DOCTYPE html>/],
  ["a source RPM", fixture("kernel-6.12.9-200.fc41.src.rpm"), /the source RPM of kernel/],
  ["no header after the lead", damaged((file) => file.writeUInt32BE(0, 96)), /damaged/],
  ["a header of an impossible size", damaged((file) => file.writeUInt32BE(0xffffffff, 96 + 8)), /damaged/],
  [
    "no name",
    damaged((file) => file.writeUInt32BE(7, file.indexOf(Buffer.from([0, 0, 3, 0xe8]), 180))),
    /damaged/,
  ],
  ["a text without an end", rpm({ name: "kernel-core" }).fill("x", 280), /damaged/],
])("%s is refused", (_, file, seen) => {
  expect(() => parseRpmHeader(file)).toThrow(expect.objectContaining({ code: "bad-input" }) as Error);
  try {
    parseRpmHeader(file);
  } catch (error) {
    expect((error as { details: { seen: string } }).details.seen).toMatch(seen);
  }
});
