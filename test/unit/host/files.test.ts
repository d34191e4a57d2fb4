import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeFiles, settleFiles, writeFiles, type HostFile } from "../../../provider/host/files";
import { failureOf } from "../support/fake-shell";
import { localHost } from "../support/local-host";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-test-"));
  for (const name of ["mnt/etc", "run", "outside"]) mkdirSync(join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const ids = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
const host = () =>
  localHost((text) => text.replaceAll("/mnt", `${folder}/mnt`).replaceAll("'/run/", `'${folder}/run/`));
const place = { root: "/mnt", deadlineSeconds: 60, code: "install-failed" } as const;

function file(path: string, text: string, changes: Partial<HostFile> = {}): HostFile {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const size = Buffer.byteLength(text);
  return {
    path,
    property: `files["${path}"]`,
    from: { text },
    size,
    sha256,
    mode: "600",
    owner: ids,
    ...changes,
  };
}

const odd = "it's $(reboot) `x` \\n %s é\n\n";
const modeOf = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8);

test("content and mode arrive to the byte, in folders that are made on the way", async () => {
  const { session } = host();
  await writeFiles(session, [file("/var/lib/it's odd/key", odd, { mode: "640" }), file("/etc/a", "")], place);
  expect(readFileSync(join(folder, "mnt/var/lib/it's odd/key"), "utf8")).toBe(odd);
  expect([modeOf("mnt/var/lib/it's odd/key"), modeOf("mnt/etc/a")]).toEqual(["640", "600"]);
  expect([modeOf("mnt/var"), modeOf("mnt/var/lib/it's odd")]).toEqual(["755", "755"]);
});

test("a local file is uploaded, and gets the mode that was asked for", async () => {
  const source = join(folder, "source");
  writeFileSync(source, odd);
  const { session, commands } = host();
  await writeFiles(session, [file("/etc/x/y", odd, { from: { localPath: source }, mode: "444" })], place);
  expect(readFileSync(join(folder, "mnt/etc/x/y"), "utf8")).toBe(odd);
  expect(modeOf("mnt/etc/x/y")).toBe("444");
  expect(commands).toEqual(["sh -s", "upload /mnt/etc/x/y", "sh -s"]);
});

test("written again, also over what a broken attempt left", async () => {
  const { session } = host();
  writeFileSync(join(folder, "mnt/etc/a"), "an older content");
  writeFileSync(join(folder, "mnt/etc/a.part"), "half of i");
  chmodSync(join(folder, "mnt/etc/a"), 0o444);
  await writeFiles(session, [file("/etc/a", "new")], place);
  await writeFiles(session, [file("/etc/a", "new")], place);
  expect(readFileSync(join(folder, "mnt/etc/a"), "utf8")).toBe("new");
  expect(existsSync(join(folder, "mnt/etc/a.part"))).toBe(false);
});

test("nothing goes through a symlink: not into the installer, and not over what it leads to", async () => {
  symlinkSync(join(folder, "outside"), join(folder, "mnt/var"));
  const { session } = host();
  const error = await failureOf(() => writeFiles(session, [file("/var/run/secret", "TOPSECRET")], place));
  expect(error.code).toBe("install-failed");
  expect(error.text()).toContain('files["/var/run/secret"] could not be written');
  expect(error.text()).toContain(`mnt/var is a symlink to ${folder}/outside`);
  expect(error.text()).not.toContain("TOPSECRET");
  expect(existsSync(join(folder, "outside/run"))).toBe(false);

  writeFileSync(join(folder, "outside/kept"), "theirs");
  symlinkSync(join(folder, "outside/kept"), join(folder, "mnt/etc/link"));
  await writeFiles(session, [file("/etc/link", "ours")], place);
  expect(readFileSync(join(folder, "outside/kept"), "utf8")).toBe("theirs");
  expect(readFileSync(join(folder, "mnt/etc/link"), "utf8")).toBe("ours");
});

test("a folder in the file's place is not replaced", async () => {
  mkdirSync(join(folder, "mnt/etc/ssh"));
  const error = await failureOf(() => writeFiles(host().session, [file("/etc/ssh", "x")], place));
  expect(error.details.seen).toContain("mnt/etc/ssh is a folder");
});

test("an owner's name is the new system's, and before its users exist the file is root's", async () => {
  const [uid, gid] = ids.split(":");
  const named = file("/etc/a", "x", { owner: "alice:wheel" });
  const { session, scripts } = host();
  await writeFiles(session, [file("/etc/a", "x")], place);
  writeFileSync(
    join(folder, "mnt/etc/passwd"),
    `root:x:0:0::/root:/bin/sh\nalice:x:${uid}:999::/home/alice:/bin/sh\n`,
  );
  writeFileSync(join(folder, "mnt/etc/group"), `root:x:0:\nwheel:x:${gid}:alice\n`);
  await settleFiles(session, [named], place, { names: true });
  await settleFiles(session, [named], place, { names: false }).catch(() => undefined);
  expect(scripts.at(-2)).toContain("settle '/etc/a' 600 'alice' 'wheel'");
  expect(scripts.at(-1)).toContain("settle '/etc/a' 600 '0' '0'");
});

test("the new system's list of users may be behind links that lead somewhere there only", async () => {
  const [uid, gid] = ids.split(":");
  const { session } = host();
  await writeFiles(session, [file("/etc/a", "x")], place);
  mkdirSync(join(folder, "mnt/store/etc/deep"), { recursive: true });
  symlinkSync("/store/etc", join(folder, "mnt/etc/static"));
  symlinkSync("/etc/static/passwd", join(folder, "mnt/etc/passwd"));
  symlinkSync("./deep/../users", join(folder, "mnt/store/etc/passwd"));
  writeFileSync(join(folder, "mnt/store/etc/users"), `alice:x:${uid}:0::/home/alice:/bin/sh\n`);
  symlinkSync("../store/etc/group", join(folder, "mnt/etc/group"));
  writeFileSync(join(folder, "mnt/store/etc/group"), `wheel:x:${gid}:\n`);
  const named = file("/etc/a", "x", { owner: "alice:wheel" });
  await settleFiles(session, [named], place, { names: true });
  symlinkSync("/etc/loop", join(folder, "mnt/etc/loop"));
  rmSync(join(folder, "mnt/etc/passwd"));
  symlinkSync("/etc/loop", join(folder, "mnt/etc/passwd"));
  const error = await failureOf(() => settleFiles(session, [named], place, { names: true }));
  expect(error.details.seen).toContain("has no user alice");
});

test.each([
  ["alice", "has no user alice"],
  ["0:wheel", "has no group wheel"],
])("an owner %s that the new system does not know is named", async (owner, message) => {
  const { session } = host();
  await writeFiles(session, [file("/etc/a", "x")], place);
  for (const name of ["passwd", "group"]) writeFileSync(join(folder, "mnt/etc", name), "root:x:0:0\n");
  const error = await failureOf(() =>
    settleFiles(session, [file("/etc/a", "x", { owner })], place, { names: true }),
  );
  expect(error.details.seen).toContain(message);
  expect(error.details.next).toContain("give the owner's number");
});

test("what is read back decides: an exit code proves nothing", async () => {
  const { session } = host();
  await writeFiles(session, [file("/etc/a", "TOPSECRET")], place);
  writeFileSync(join(folder, "mnt/etc/a"), "SOMETHING");
  const error = await failureOf(() =>
    settleFiles(session, [file("/etc/a", "TOPSECRET")], place, { names: true }),
  );
  expect(error.text()).toContain("expected: the content that was sent\n  seen:     another content");
  expect(error.text()).not.toMatch(/TOPSECRET|SOMETHING/);
  writeFileSync(join(folder, "mnt/etc/a"), "longer than that");
  const longer = await failureOf(() =>
    settleFiles(session, [file("/etc/a", "TOPSECRET")], place, { names: true }),
  );
  expect(longer.details).toMatchObject({
    expected: "9 bytes, the content that was sent",
    seen: "16 bytes, another content",
  });
  rmSync(join(folder, "mnt/etc/a"));
  const gone = await failureOf(() => settleFiles(session, [file("/etc/a", "x")], place, { names: true }));
  expect(gone.details.seen).toContain("is no file any more");
});

test("another owner than the one that was asked for", async () => {
  const { sha256 } = file("/etc/a", "x");
  const stdout = `600 0:0 1000:100 1 ${sha256}\n`;
  const host = { run: () => Promise.resolve({ exitCode: 0, stdout, stderr: "" }) };
  const error = await failureOf(() =>
    settleFiles(host as never, [file("/etc/a", "x")], place, { names: true }),
  );
  expect(error.details).toMatchObject({ expected: "owner 1000:100", seen: "owner 0:0" });
});

test("an answer that says nothing is no proof", async () => {
  const silent = { run: () => Promise.resolve({ exitCode: 0, stdout: "\n", stderr: "" }) };
  const error = await failureOf(() =>
    settleFiles(silent as never, [file("/etc/a", "x")], place, { names: true }),
  );
  expect(error.details.seen).toContain("mode unknown");
});

test("keys are removed with what a broken upload left, and their absence is looked at", async () => {
  const { session } = host();
  const inRam = { root: "", deadlineSeconds: 60, code: "disko-failed" } as const;
  await writeFiles(session, [], inRam);
  for (const name of ["a", "b.part"]) writeFileSync(join(folder, "run", name), "key");
  await removeFiles(session, ["/run/a", "/run/b"]);
  expect(["a", "b.part"].map((name) => existsSync(join(folder, "run", name)))).toEqual([false, false]);
});
