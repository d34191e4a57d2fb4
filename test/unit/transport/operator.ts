import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { quote } from "../../../provider/core/quote";
import { tempFolder } from "./support";

const uid = 4242;

/** A user whom the machine does not know. */
export interface Operator {
  /** Default: /bin/bash. */
  shell?: string;
  /** What sudo asks for. */
  password?: string;
  /** The whole sudoers file. Default: nobody may do anything. */
  sudoers?: string;
  /** Files of the home folder. */
  home?: Record<string, string | Buffer>;
}

/**
 * A script for a mount namespace of its own: users, passwords and sudo's rights come from files of the test. Nothing
 * of the machine is changed, and all of it is gone with the processes.
 */
export function operatorsWorld(operator: Operator): string {
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const home = join(folder, "home");
  const file = (name: string, mode: number, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  mkdirSync(home);
  for (const [name, content] of Object.entries(operator.home ?? {})) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), content);
  }
  chownSync(home, uid, uid);
  const hash = execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: operator.password ?? "none" });
  const shell = operator.shell ?? "/bin/bash";
  const over: [string, string][] = [
    [
      file(
        "passwd",
        0o644,
        `${readFileSync("/etc/passwd", "utf8")}operator:x:${uid}:${uid}::${home}:${shell}\n`,
      ),
      "/etc/passwd",
    ],
    [
      file(
        "shadow",
        0o600,
        `${readFileSync("/etc/shadow", "utf8")}operator:${hash.toString().trim()}:20000:0:99999:7:::\n`,
      ),
      "/etc/shadow",
    ],
    [file("sudoers", 0o440, `root ALL=(ALL) ALL\n${operator.sudoers ?? ""}\n`), "/etc/sudoers"],
  ];
  return [
    // Of its own, too: sudo's timestamps and the relays' pids.
    "mount -t tmpfs tmpfs /run; mkdir /run/sshd",
    ...over.map(([from, to]) => `mount --bind ${quote(from)} ${to}`),
  ].join("\n");
}
