import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseSections } from "../../../provider/host/probe";
import {
  initramfsScript,
  parseInitramfs,
  parseTopLevel,
  topLevelScript,
  wholeScript,
} from "../../../provider/image/image-look";

/** The scripts of a look, in a shell of this machine, with a folder in the place of `/`. */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "image-look-"));
});

afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function look(script: string) {
  const input = wholeScript([script]);
  const env = { ...process.env, PATH: `${root}/bin:${process.env["PATH"]}` };
  return parseSections(spawnSync("sh", ["-s"], { input, env, encoding: "utf8" }).stdout);
}

test("what lies in /var where links lead is counted; caches and ostree's own objects are not", () => {
  for (const path of ["var/opt/app/bin", "var/home/core/.bashrc", "var/roothome/.ssh/keys", "var/lib/x/y"]) {
    put(path);
  }
  for (const path of ["var/roothome/.cache/pip/x", "sysroot/ostree/repo/x", "sysroot/left"]) put(path);
  mkdirSync(join(root, "var/srv"));
  const script = topLevelScript
    .replace(" /* /.[!.]* ", " /sysroot ")
    .replace(/\/(var|sysroot)\b/g, `${root}/$1`);
  const seen = parseTopLevel(look(script)).map(({ kind, name, detail }) => [
    kind,
    name.replace(`${root.slice(1)}/`, ""),
    detail,
  ]);
  expect(seen).toEqual([
    ["folder", "sysroot", "1"],
    ["folder", "var/opt", "2"],
    ["folder", "var/srv", "0"],
    ["folder", "var/home", "2"],
    ["folder", "var/roothome", "2"],
  ]);
});

test.each([
  ["lsinitrd: line 9: xz: command not found", "lsinitrd: line 9: xz: command not found"],
  ["sh: 1: cpio: not found", "sh: 1: cpio: not found"],
  ["'/x/skipcpio' not found, cannot display remaining contents!", "'/x/skipcpio' not found, cannot display"],
  ["cpio: usr/lib/dracut/x: not found in archive", ""],
])("what says that a tool is missing is an error of the listing: %s", (line, error) => {
  put("bin/lsinitrd", `#!/bin/sh\ncat <<'END'\n${line}\nEND\nexit 1\n`);
  chmodSync(join(root, "bin/lsinitrd"), 0o755);
  put("usr/lib/modules/6/initramfs.img", "x");
  const script = initramfsScript.join("\n").replaceAll("/usr/lib/modules/", `${root}/usr/lib/modules/`);
  const { listing } = parseInitramfs(look(`kver=6\n${script}`));
  expect(listing).toMatchObject({ exitCode: 1, errors: expect.stringContaining(error) });
  expect(listing?.errors === "").toBe(error === "");
});
