import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { restoreScript } from "../../../provider/fcos/phases/etc";
import { hostSh, type HostSh } from "./host-sh";

let host: HostSh;
beforeEach(() => (host = hostSh()));
afterEach(() => host.remove());

const at = (path: string): string => join(host.root, path);
const read = (path: string): string => readFileSync(at(path), "utf8");
function restore(...changes: string[]): void {
  const done = host.run(restoreScript(changes).replaceAll("/usr/etc", `${host.root}/usr/etc`));
  expect(done).toMatchObject({ exitCode: 0, stderr: "" });
}
/** What was there, under the time at which it was saved. */
function saved(path: string): string {
  const [time = ""] = readdirSync(at("var/lib/pulumi-immutable-os/etc-saved"));
  return `var/lib/pulumi-immutable-os/etc-saved/${time}${host.root}/${path}`;
}

test("a modified file is the image's again, with its mode; what was there is kept", () => {
  host.file("usr/etc/ssh/sshd_config", "image");
  chmodSync(at("usr/etc/ssh/sshd_config"), 0o640);
  host.file("etc/ssh/sshd_config", "by hand");
  host.file("etc/ssh/other", "other");
  restore("M /etc/ssh/sshd_config");
  expect(read("etc/ssh/sshd_config")).toBe("image");
  expect(statSync(at("etc/ssh/sshd_config")).mode & 0o777).toBe(0o640);
  expect(read(saved("etc/ssh/sshd_config"))).toBe("by hand");
  expect(read("etc/ssh/other")).toBe("other");
});

test("a deleted file comes back, with the folder above it", () => {
  host.file("usr/etc/new folder/it's", "image");
  restore("D /etc/new folder/it's");
  expect(read("etc/new folder/it's")).toBe("image");
});

test("an added one goes, and is kept", () => {
  host.file("etc/added/file", "by hand");
  restore("A /etc/added");
  expect(existsSync(at("etc/added"))).toBe(false);
  expect(read(saved("etc/added/file"))).toBe("by hand");
});

test("of a folder only its mode is given back: what stands in it are lines of their own", () => {
  host.file("usr/etc/folder/from-image", "image");
  host.file("etc/folder/by-hand", "by hand");
  chmodSync(at("usr/etc/folder"), 0o750);
  restore("M /etc/folder");
  expect(statSync(at("etc/folder")).mode & 0o777).toBe(0o750);
  expect(read("etc/folder/by-hand")).toBe("by hand");
});

test("a link that took a file's place does not lead anywhere else", () => {
  host.file("usr/etc/hosts", "image");
  host.file("outside", "outside");
  host.file("etc/keep", "");
  symlinkSync(at("outside"), at("etc/hosts"));
  restore("M /etc/hosts");
  expect(lstatSync(at("etc/hosts")).isSymbolicLink()).toBe(false);
  expect(read("outside")).toBe("outside");
  expect(readlinkSync(at(saved("etc/hosts")))).toBe(at("outside"));
});

test("what the image does not have is an error, and the machine's own file stays", () => {
  host.file("etc/hosts", "by hand");
  const done = host.run(restoreScript(["M /etc/hosts"]).replaceAll("/usr/etc", `${host.root}/usr/etc`));
  expect(done.exitCode).not.toBe(0);
  expect(done.stderr).toMatch(/usr\/etc\/hosts/);
  expect(read("etc/hosts")).toBe("by hand");
});
