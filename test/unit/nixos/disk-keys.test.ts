import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDiskKeys } from "../../../provider/nixos/disk-keys";
import type { NixosFacts } from "../../../provider/nixos/facts";
import { contextOf, inputsOf, installerFacts } from "../support/builders";
import { errorOf, failureOf } from "../support/fake-shell";
import { localHost } from "../support/local-host";

let folder: string;
beforeEach(() =>
  mkdirSync(join((folder = mkdtempSync(join(tmpdir(), "disk-keys-test-"))), "run"), { recursive: true }),
);
afterEach(() => rmSync(folder, { recursive: true }));

const ids = `'${process.getuid?.() ?? 0}' '${process.getgid?.() ?? 0}'`;
const secret = "correct horse battery staple";

/** Root's files become the tester's, because only root could give them away. */
function setUp(keys: Record<string, { content: string }>) {
  const host = localHost((text) => text.replaceAll("'/run/", `'${folder}/run/`).replaceAll("'0' '0'", ids));
  const install = { diskEncryptionKeys: keys };
  return { host, context: { ...contextOf(inputsOf({ install })), session: host.session } };
}

const tmpfs = (...targets: string[]): NixosFacts =>
  installerFacts({ mounts: ["/", ...targets].map((target) => ({ source: "tmpfs", target, type: "tmpfs" })) });

test("the keys are there while disko works, readable for root alone, and gone afterwards", async () => {
  const { host, context } = setUp({ "/run/a.key": { content: secret }, "/run/keys/b.key": { content: "b" } });
  const seen = await withDiskKeys(context, tmpfs(), (paths) => {
    expect(paths).toEqual(["/run/a.key", "/run/keys/b.key"]);
    const path = join(folder, "run/a.key");
    return Promise.resolve([readFileSync(path, "utf8"), statSync(path).mode & 0o777]);
  });
  expect(seen).toEqual([secret, 0o600]);
  expect(["a.key", "keys/b.key"].map((name) => existsSync(join(folder, "run", name)))).toEqual([
    false,
    false,
  ]);
  expect(host.commands.join("\n")).not.toContain(secret);
});

test("a disko that fails leaves none, and its error is what is told", async () => {
  const { context } = setUp({ "/run/a.key": { content: secret } });
  const error = await failureOf(() =>
    withDiskKeys(context, tmpfs(), () => Promise.reject(errorOf("disko-failed"))),
  );
  expect(error.code).toBe("disko-failed");
  expect(existsSync(join(folder, "run/a.key"))).toBe(false);
});

test("without keys nothing is run on the host", async () => {
  const { host, context } = setUp({});
  await expect(withDiskKeys(context, tmpfs(), () => Promise.resolve("done"))).resolves.toBe("done");
  expect(host.commands).toEqual([]);
});

test.each<[string, NixosFacts["mounts"]]>([
  ["a disk at its folder", [{ source: "/dev/sda1", target: "/run", type: "ext4" }]],
  [
    "a disk over its tmpfs",
    [
      { source: "tmpfs", target: "/run", type: "tmpfs" },
      { source: "/dev/sda1", target: "/run", type: "ext4" },
    ],
  ],
])("%s: a key that would outlive the installer is refused, and disko does not begin", async (_, mounts) => {
  const { host, context } = setUp({ "/run/a.key": { content: secret } });
  const facts = installerFacts({ mounts: [{ source: "tmpfs", target: "/", type: "tmpfs" }, ...mounts] });
  const error = await failureOf(() =>
    withDiskKeys(context, facts, () => Promise.reject(new Error("disko began"))),
  );
  expect(error.code).toBe("bad-input");
  expect(error.details).toMatchObject({
    what: 'install.diskEncryptionKeys["/run/a.key"]: in the installer this path is not in RAM; nothing was changed',
    seen: "ext4 at /run",
  });
  expect(host.commands).toEqual([]);
});
