import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { resolve, type Unresolved } from "../../../provider/image/resolve";
import { FileServer } from "../support/file-server";
import { kernelCore, sha256 } from "../support/rpm-writer";

const file = kernelCore();
const digest = `sha256:${"ab".repeat(32)}`;
const reference = `quay.example/fedora/fedora-coreos@${digest}`;

let folder: string;
let server: FileServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "resolve-test-"));
  process.env["IMMUTABLE_OS_CACHE"] = join(folder, "cache");
  server = await new FileServer(file).listen();
});
afterEach(async () => {
  delete process.env["IMMUTABLE_OS_CACHE"];
  rmSync(folder, { recursive: true });
  await server.stop();
});

const resolved = (changes: Partial<Unresolved> = {}) =>
  resolve({
    base: { reference },
    kernel: { rpms: [{ url: server.url, sha256: sha256(file) }] },
    files: undefined,
    platform: undefined,
    sign: undefined,
    ...changes,
  });

test("a base by digest asks nobody; the release comes out of the RPM", async () => {
  await expect(resolved()).resolves.toEqual({
    digest,
    kernelRelease: "6.12.9-200.fc41.x86_64",
    fileHashes: {},
  });
});

test("local files are hashed by where they go", async () => {
  const source = join(folder, "issue");
  writeFileSync(source, "hello");
  const { fileHashes, error } = await resolved({
    files: { "/etc/issue": { source }, "/etc/motd": { content: "hi" } },
  });
  expect(error).toBeUndefined();
  expect(fileHashes).toEqual({ "/etc/issue": sha256(Buffer.from("hello")) });
});

test("all that is wrong, each beginning with its property, and what is right all the same", async () => {
  server.faults = { status: 404 };
  const { error, ...rest } = await resolved({ files: { "/etc/issue": { source: join(folder, "none") } } });
  expect(rest).toEqual({ digest, kernelRelease: "", fileHashes: {} });
  expect(error).toMatch(
    /^kernel\.rpms\[0\]\.url: [\s\S]*^files\["\/etc\/issue"\]\.source: .*none cannot be read/m,
  );
});

test("a release that is declared and is another one", async () => {
  const kernel = { rpms: [{ url: server.url, sha256: sha256(file) }], release: "6.12.9-200.x86_64" };
  expect((await resolved({ kernel })).error).toMatch(/^kernel\.release /);
});

test("an image for another architecture than the RPM's", async () => {
  expect((await resolved({ platform: "linux/arm64" })).error).toMatch(/^kernel\.rpms\[0\] is for another/);
});

test.each<[string, (url: string) => string]>([
  ["in capitals", (url) => url.replace("http", "HTTP")],
  ["with a blank before it, as it may come out of a file", (url) => ` ${url}`],
])("an address that check lets through is asked: %s", async (_, written) => {
  const kernel = { rpms: [{ url: written(server.url), sha256: sha256(file) }] };
  expect((await resolved({ kernel })).kernelRelease).toBe("6.12.9-200.fc41.x86_64");
});

test.each([
  "http://user:hunter22@HOST/x.rpm",
  "http://hunter22@HOST/x.rpm?token=hunter22",
  "http://[hunter22/?token=hunter22",
  "https://a b:hunter22@HOST/",
])("nobody is asked at an address that check refuses, and no text has it: %s", async (url) => {
  const rpms = [{ url: url.replace("HOST", new URL(server.url).host), sha256: sha256(file) }];
  expect(await resolved({ kernel: { rpms } })).toEqual({ digest, kernelRelease: "", fileHashes: {} });
  expect(server.asked).toEqual([]);
});

test.each<object>([
  { password: 5 },
  { username: ["u"], password: "p" },
  { username: "u:p", password: "p" },
  { certificateAuthority: "/etc/ca.pem" },
  { pasword: "p" },
])("a login that check refuses opens no connection: %j", async (login) => {
  const base = { reference: `${new URL(server.url).host}/fcos/base:stable`, ...login };
  expect(await resolved({ base })).toEqual(await resolved({ base: { reference: "no reference" } }));
});

test("the file with the key for signing is hashed, and one that is not there named", async () => {
  const privateKeyPath = join(folder, "cosign.key");
  writeFileSync(privateKeyPath, "a key");
  expect((await resolved({ sign: { privateKeyPath } })).signKeyHash).toBe(sha256(Buffer.from("a key")));
  const { error } = await resolved({ sign: { privateKeyPath: join(folder, "none") } });
  expect(error).toMatch(/^sign\.privateKeyPath: .*none cannot be read/);
  expect(await resolved({ sign: { privateKey: "x" } })).not.toHaveProperty("signKeyHash");
});

test("files below the home of whoever runs the program", async () => {
  const source = join(folder, "issue");
  writeFileSync(source, "hello");
  const fromHome = `~/${relative(homedir(), source)}`;
  const { fileHashes } = await resolved({ files: { "/etc/issue": { source: fromHome } } });
  expect(fileHashes).toEqual({ "/etc/issue": sha256(Buffer.from("hello")) });
});

/** Judged by `check`, which names each; here it must only not break. */
test.each<Partial<Unresolved>>([
  { base: 5 },
  { base: { reference: 5 } },
  { base: { reference: "no reference" } },
  { kernel: null },
  { kernel: { rpms: "x" } },
  { kernel: { rpms: [] } },
  { kernel: { rpms: [5] } },
  { kernel: { rpms: [{ url: "ftp://host/x.rpm", sha256: "0".repeat(64) }] } },
  { kernel: { rpms: [{ url: "http://[", sha256: "0".repeat(64) }] } },
  { files: [1, 2] },
  { files: { "/etc/issue": null } },
  { platform: 7 },
  { kernel: { rpms: [{ url: { length: { toString: 1 } }, sha256: "0".repeat(64) }] } },
  { sign: { privateKeyPath: 5 } },
])("wrong shapes are left to check: %j", async (changes) => {
  await expect(resolved(changes)).resolves.toHaveProperty("fileHashes", {});
  expect(server.asked.length).toBeLessThanOrEqual(1);
});
