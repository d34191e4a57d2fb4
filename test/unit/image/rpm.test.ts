import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { rpmFile, rpmHeader } from "../../../provider/image/rpm";
import { RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";
import { FileServer } from "../support/file-server";
import { kernelCore, rpm, sha256 } from "../support/rpm-writer";

const file = kernelCore();
/** As a kernel's: thousands of symbols that it provides. */
const large = rpm({
  name: "kernel-core",
  version: "6.13.0",
  provides: Object.fromEntries(Array.from({ length: 9000 }, (_, n) => [`ksym(symbol_number_${n})`, "0x1"])),
});

let folder: string;
let server: FileServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rpm-test-"));
  process.env["IMMUTABLE_OS_CACHE"] = join(folder, "cache");
  server = await new FileServer(file).listen();
});
afterEach(async () => {
  delete process.env["IMMUTABLE_OS_CACHE"];
  rmSync(folder, { recursive: true });
  await server.stop();
});

const tools = () => ({ progress: new RecordedProgress(), deadlineSeconds: 30 });
const ofServer = (content = file) => ({ url: server.url, sha256: sha256(content) });
function ofDisk(content = file): { path: string; sha256: string } {
  const path = join(folder, "kernel-core.rpm");
  writeFileSync(path, content);
  return { path, sha256: sha256(content) };
}

describe("the header", () => {
  test("of a URL: the front alone, once", async () => {
    const header = await rpmHeader(ofServer(), "kernel.rpms[0]");
    expect(header).toMatchObject({ name: "kernel-core", version: "6.12.9" });
    expect(await rpmHeader(ofServer(), "kernel.rpms[0]")).toMatchObject({ name: "kernel-core" });
    expect(server.asked).toEqual(["bytes=0-131071"]);
  });

  test("of a large one: a second look, of exactly what it takes", async () => {
    server.content = large;
    expect(large.length).toBeGreaterThan(131072);
    expect(await rpmHeader(ofServer(large), "kernel.rpms[0]")).toMatchObject({ name: "kernel-core" });
    expect(server.asked).toEqual(["bytes=0-131071", `bytes=0-${large.length - "payload".length - 1}`]);
  });

  test("a server that knows no parts", async () => {
    server.faults = { ignoresRange: true };
    expect(await rpmHeader(ofServer(), "kernel.rpms[0]")).toMatchObject({ name: "kernel-core" });
  });

  test("of a local file, whose hash is checked", async () => {
    const local = ofDisk();
    expect(await rpmHeader(local, "kernel.rpms[0]")).toMatchObject({ name: "kernel-core" });
    const fromHome = `~/${relative(homedir(), local.path)}`;
    expect(await rpmHeader({ ...local, path: fromHome }, "kernel.rpms[0]")).toMatchObject({
      version: "6.12.9",
    });
    const error = await failureOf(() => rpmHeader({ ...local, sha256: "0".repeat(64) }, "kernel.rpms[1]"));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toMatch(/kernel\.rpms\[1\]\.sha256 does not match .*kernel-core\.rpm/);
  });

  test.each([
    ["a web page", Buffer.from(`<html>${" ".repeat(300)}`), /kernel\.rpms\[2\]\.url: .* is no RPM/],
    ["one that ends inside of its header", file.subarray(0, 300), /ends after 300 bytes/],
  ])("%s names the property", async (_, content, text) => {
    server.content = content;
    const error = await failureOf(() => rpmHeader(ofServer(content), "kernel.rpms[2]"));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toMatch(text);
    expect(error.text()).not.toMatch(/defect/);
  });

  test.each([
    [404, /HTTP 404/],
    [500, /HTTP 500/],
  ])("HTTP %s", async (status, seen) => {
    server.faults = { status };
    const error = await failureOf(() =>
      rpmHeader({ ...ofServer(), url: `${server.url}?token=planted` }, "kernel.rpms[0]"),
    );
    expect(error.code).toBe("download-failed");
    expect(error.text()).toMatch(seen);
    expect(error.text()).not.toContain("planted");
  });

  test("nobody there, and no such file", async () => {
    const gone = ofServer();
    await server.stop();
    expect((await failureOf(() => rpmHeader(gone, "kernel.rpms[0]"))).details.seen).toMatch(/ECONNREFUSED/);
    const error = await failureOf(() =>
      rpmHeader({ path: join(folder, "none.rpm"), sha256: sha256(file) }, "kernel.rpms[0]"),
    );
    expect(error.text()).toMatch(/kernel\.rpms\[0\]\.path: .*none\.rpm cannot be read/);
  });
});

test("two images with the same RPM ask at once", async () => {
  const asked = Array.from({ length: 8 }, () => rpmHeader(ofServer(), "kernel.rpms[0]"));
  for (const header of await Promise.all(asked)) expect(header).toMatchObject({ name: "kernel-core" });
  expect(readdirSync(join(folder, "cache/rpm-headers"))).toHaveLength(1);
});

test("a cache that cannot be written is no error", async () => {
  writeFileSync(join(folder, "cache"), "no folder");
  expect(await rpmHeader(ofServer(), "kernel.rpms[0]")).toMatchObject({ name: "kernel-core" });
});

describe("the whole file", () => {
  test("of a URL: from the cache the second time, named as dnf names it", async () => {
    const first = await rpmFile(ofServer(), "kernel.rpms[0]", tools());
    expect(first).toMatchObject({
      name: "kernel-core-6.12.9-200.fc41.x86_64.rpm",
      header: { name: "kernel-core" },
    });
    await rpmFile(ofServer(), "kernel.rpms[0]", tools());
    expect(server.asked).toEqual([""]);
  });

  test("another file than the pinned one: an error that names the property", async () => {
    const error = await failureOf(() =>
      rpmFile({ ...ofServer(), sha256: "0".repeat(64) }, "kernel.rpms[0]", tools()),
    );
    expect(error.code).toBe("download-failed");
    expect(error.text()).toMatch(/^kernel\.rpms\[0\]\.url: /);
  });

  test("what was believed of a URL is looked at anew once the file was another one", async () => {
    const wanted = ofServer(large);
    expect((await rpmHeader(wanted, "kernel.rpms[0]")).version).toBe("6.12.9");
    await failureOf(() => rpmFile(wanted, "kernel.rpms[0]", tools()));
    server.content = large;
    expect((await rpmHeader(wanted, "kernel.rpms[0]")).version).toBe("6.13.0");
  });

  test("a local file is used where it lies", async () => {
    const local = ofDisk();
    expect((await rpmFile(local, "kernel.rpms[0]", tools())).path).toBe(local.path);
    expect(readdirSync(join(folder, "cache"))).toEqual(["rpm-headers"]);
  });
});
