import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announcedHostKeys, refuseContradiction } from "../../../provider/nixos/given-host-keys";
import { diskKeyFiles, installFiles } from "../../../provider/nixos/install-files";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { makeKey } from "../../contract/ssh-host/keys";
import { hostKey, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

type Install = NonNullable<NixosHostInputs["install"]>;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "install-files-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function local(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const extra = (extraFiles: Install["extraFiles"]) => installFiles({ extraFiles });
const sha256OfX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

test("content is 0600 and root's; owner and mode are what is given", async () => {
  const files = await extra({
    "/a": { content: "x" },
    "/b": { content: "é", owner: "alice:users", mode: "0640" },
  });
  expect(files).toMatchObject([
    {
      path: "/a",
      property: 'install.extraFiles["/a"]',
      mode: "600",
      owner: "root:root",
      size: 1,
      sha256: sha256OfX,
    },
    { path: "/b", mode: "640", owner: "alice:users", size: 2, from: { text: "é" } },
  ]);
});

test("a local file keeps its mode, and a folder is its tree", async () => {
  local("tree/a", "x", 0o600);
  local("tree/deep/er/b.sh", "x", 0o755);
  symlinkSync("../a", join(folder, "tree/deep/link"));
  const files = await extra({
    "/one": { source: local("one", "x", 0o640) },
    "/opt/all": { source: join(folder, "tree"), owner: "1000:100" },
    "/opt/set": { source: join(folder, "tree/deep/er"), mode: "0400" },
  });
  expect(files.map(({ path, mode, owner, sha256 }) => [path, mode, owner, sha256 === sha256OfX])).toEqual([
    ["/one", "640", "root:root", true],
    ["/opt/all/a", "600", "1000:100", true],
    ["/opt/all/deep/er/b.sh", "755", "1000:100", true],
    ["/opt/all/deep/link", "600", "1000:100", true],
    ["/opt/set/b.sh", "400", "root:root", true],
  ]);
  expect(files[2]?.from).toEqual({ localPath: join(folder, "tree/deep/er/b.sh") });
});

test.each<[string, Install["extraFiles"], RegExp]>([
  [
    "a missing file",
    { "/a": { source: "/nowhere/at all" } },
    /^install\.extraFiles\["\/a"\]\.source: \/nowhere\/at all cannot be read: ENOENT$/,
  ],
  [
    "a device",
    { "/a": { source: "/dev/null" } },
    /^install\.extraFiles\["\/a"\]\.source: \/dev\/null is neither a file nor a folder/,
  ],
  [
    "a zero byte",
    { "/a": { content: "a\0b" } },
    /^install\.extraFiles\["\/a"\]\.content: it holds a zero byte/,
  ],
  ["a host key", { "/etc/ssh/ssh_host_rsa_key": { content: "x" } }, /is a host key/],
])("%s is bad input, and is named", async (_, files, message) => {
  const error = await failureOf(() => extra(files));
  expect(error.code).toBe("bad-input");
  expect(error.details.what).toMatch(message);
  expect(error.details.next).toBeTruthy();
});

test("an empty folder, and a file that is given twice", async () => {
  mkdirSync(join(folder, "empty"));
  local("tree/a", "x");
  const empty = await failureOf(() => extra({ "/a": { source: join(folder, "empty") } }));
  expect(empty.details.what).toContain("there is no file in");
  const twice = await failureOf(() =>
    extra({ "/t": { source: join(folder, "tree") }, "/t/a": { content: "y" } }),
  );
  expect(twice.details.what).toContain("/t/a is given twice");
});

test("disk keys are single files, and nobody else's to read", async () => {
  const source = local("tree/key", "x", 0o644);
  const keys = await diskKeyFiles({
    diskEncryptionKeys: { "/tmp/a": { content: "x" }, "/tmp/b": { source } },
  });
  expect(keys.map(({ path, mode, size }) => [path, mode, size])).toEqual([
    ["/tmp/a", "600", 1],
    ["/tmp/b", "600", 1],
  ]);
  local("tree/key2", "x");
  const error = await failureOf(() =>
    diskKeyFiles({ diskEncryptionKeys: { "/tmp/a": { source: join(folder, "tree") } } }),
  );
  expect(error.details.what).toContain('install.diskEncryptionKeys["/tmp/a"].source: it is a folder');
});

describe("host keys", () => {
  const ed25519 = makeKey("ed25519");
  const rsa = makeKey("rsa");

  test("a private key, and its public half, where sshd looks for them", async () => {
    const source = local("rsa", rsa.privateKey);
    const files = await installFiles({
      sshHostKeys: { ed25519: { content: `\r\n${ed25519.privateKey.trim()}` }, rsa: { source } },
    });
    expect(files.map(({ path, mode, owner }) => [path, mode, owner])).toEqual([
      ["/etc/ssh/ssh_host_ed25519_key", "600", "root:root"],
      ["/etc/ssh/ssh_host_ed25519_key.pub", "644", "root:root"],
      ["/etc/ssh/ssh_host_rsa_key", "600", "root:root"],
      ["/etc/ssh/ssh_host_rsa_key.pub", "644", "root:root"],
    ]);
    expect(files[0]?.from).toEqual({ text: `${ed25519.privateKey.trim()}\n` });
    expect(files[1]?.from).toEqual({ text: `${ed25519.publicKey}\n` });
    expect(files[3]?.from).toEqual({ text: `${rsa.publicKey}\n` });
    await expect(announcedHostKeys({ sshHostKeys: { rsa: { source } } })).resolves.toEqual([rsa.publicKey]);
  });

  test.each<[string, string, string]>([
    ["a public key", ed25519.publicKey, "a public key"],
    ["an encrypted key", makeKey("ed25519", "words words").privateKey, "an encrypted key"],
    ["a key of another type", rsa.privateKey, "a key of the type ssh-rsa"],
    ["no key", "words", "no key"],
  ])("%s is bad input", async (_, content, seen) => {
    const install = { sshHostKeys: { ed25519: { content } } };
    const error = await failureOf(() => installFiles(install));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain("install.sshHostKeys.ed25519 is no ed25519 host key");
    expect(error.details.seen).toBe(seen);
    expect(error.text()).not.toContain(content.split("\n")[1] ?? content);
    // On a machine that is installed the sources may be gone: nothing is known in advance then.
    await expect(announcedHostKeys(install)).resolves.toEqual([]);
  });

  const contradiction = (declared: string | string[], proved: string[] = []) =>
    refuseContradiction(
      inputsOf({
        connection: { host: "192.0.2.10", hostKey: declared },
        install: { sshHostKeys: { ed25519: { content: ed25519.privateKey } } },
      }),
      proved,
    );

  test("a declared host key that would shut us out is refused before anything", async () => {
    const error = await failureOf(() => contradiction(hostKey));
    expect(error.code).toBe("bad-input");
    expect(error.details).toMatchObject({ expected: ed25519.publicKey, seen: hostKey });
  });

  test.each<[string, string | string[]]>([
    ["none", "accept-new"],
    ["the given one", `${ed25519.publicKey} comment`],
    ["both", [hostKey, ed25519.publicKey]],
    ["one of another type, which is kept", rsa.publicKey],
    ["a fingerprint, which does not tell its type", rsa.fingerprint],
    ["the given one's fingerprint", `${ed25519.fingerprint}=\n`],
    ["the given one's fingerprint beside another key", [hostKey, ed25519.fingerprint]],
  ])("%s declared is no contradiction", async (_, declared) => {
    await expect(contradiction(declared, [rsa.publicKey])).resolves.toBeUndefined();
  });

  const old = makeKey("ed25519");
  test.each<[string, string | string[]]>([
    ["the old key of the type among others", [old.publicKey, rsa.publicKey]],
    ["the fingerprint of the old key, which the machine has proved", old.fingerprint],
  ])("%s declared is refused", async (_, declared) => {
    const error = await failureOf(() => contradiction(declared, [old.publicKey]));
    expect([error.code, error.details.expected]).toEqual(["bad-input", ed25519.publicKey]);
  });
});
