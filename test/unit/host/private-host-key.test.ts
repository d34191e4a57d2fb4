import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readHostKeyText } from "../../../provider/host/private-host-key";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "host-key-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** The real ssh-keygen is who must agree. */
function keygen(...options: string[]): { text: string; publicKey: string } {
  const file = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-C", "a comment", "-f", file, ...options]);
  const publicKey = readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
  return { text: readFileSync(file, "utf8"), publicKey };
}

test.each([
  ["ed25519", ["-t", "ed25519"]],
  ["ecdsa 256", ["-t", "ecdsa", "-b", "256"]],
  ["ecdsa 521", ["-t", "ecdsa", "-b", "521"]],
  ["rsa", ["-t", "rsa", "-b", "2048"]],
  ["rsa as PEM", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
  ["ecdsa 384 as PEM", ["-t", "ecdsa", "-b", "384", "-m", "PEM"]],
  ["rsa as PKCS8", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
])("the public half of %s is what ssh-keygen says", (_, options) => {
  const { text, publicKey } = keygen("-N", "", ...options);
  expect(readHostKeyText(text)).toEqual({ publicKey, encrypted: false });
});

test.each([
  ["-t", "ed25519"],
  ["-t", "rsa", "-m", "PEM"],
])("an encrypted key is told apart: %s %s", (...options) => {
  const { text } = keygen("-N", "words words", ...options);
  expect(readHostKeyText(text)).toEqual({ publicKey: undefined, encrypted: true });
});

test("what is no private key gives none", () => {
  const { text, publicKey } = keygen("-N", "", "-t", "ed25519");
  const lines = text.split("\n");
  const bytes = Buffer.from(lines.slice(1, -2).join(""), "base64");
  // The first of the two numbers that must be equal.
  bytes[98] = (bytes[98] ?? 0) ^ 1;
  const damaged = [
    [lines[0], bytes.toString("base64"), lines.at(-2)].join("\n"),
    publicKey,
    "",
    "words",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
    lines.filter((_, index) => index !== 2).join("\n"),
    lines
      .map((line, index) => (index === 2 ? `${line.slice(0, 40)}AAAAAAAAAAAA${line.slice(52)}` : line))
      .join("\n"),
  ];
  const read = damaged.map((key) => readHostKeyText(key));
  expect(read.filter((each) => each.encrypted)).toEqual([]);
  expect(read.map((each) => each.publicKey).filter(Boolean)).toEqual([]);
});
