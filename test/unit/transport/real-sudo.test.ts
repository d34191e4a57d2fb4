import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Access, Shell } from "../../../provider/core/shell";
import { realShell, realSshd, type RealSshd } from "./real-sshd";
import { cleanUp, failureOf, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
const password = "planted-Passw0rd $x'y";
const may = "operator ALL=(ALL) ALL";
const asked: Partial<Access> = { sudo: true, sudoPassword: password };

/** The real sshd, the real sudo, and a user whom it asks. */
const hostOf = (sudoers: string, shell = "/bin/bash"): Promise<RealSshd> =>
  realSshd({ operator: { password, sudoers, shell } });

async function talk(shell: Shell, command: string, words: string): Promise<string> {
  const relay = await shell.relay(command);
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect({ path: relay.socketPath, allowHalfOpen: true });
    socket.on("data", (chunk) => (text += chunk.toString())).on("end", () => resolve(text));
    socket.end(words);
  });
  await relay.close();
  return answer;
}

test.each(["/bin/bash", "/bin/dash", "/usr/bin/fish", "/usr/bin/tcsh"])(
  "sudo with a password behind the login shell %s: scripts, uploads and relays",
  async (loginShell) => {
    const shell = await realShell(await hostOf(may, loginShell), asked);
    const script = 'id -un; read line; echo "read $?"; echo err >&2; exit 3';
    expect(await shell.run(script, soon)).toEqual({ exitCode: 3, stdout: "root\nread 1\n", stderr: "err\n" });

    const folder = tempFolder();
    const data = Buffer.from(Array.from({ length: 300_001 }, (_, i) => (i * 7919) % 251));
    writeFileSync(join(folder, "local"), data);
    await shell.upload(join(folder, "local"), join(folder, "it's remote"), soon);
    expect(readFileSync(join(folder, "it's remote")).equals(data)).toBe(true);

    expect(await talk(shell, "sh -c 'id -un; cat'", "hello\n")).toBe("root\nhello\n");
  },
);

test.each([
  ["NOPASSWD", "operator ALL=(ALL) NOPASSWD: ALL"],
  ["a lecture every time", `Defaults lecture=always, timestamp_timeout=0\n${may}`],
  ["its own terminal for each command (use_pty)", `Defaults use_pty\n${may}`],
  ["another prompt of its own", `Defaults passprompt="Your secret, %u: "\n${may}`],
])("%s makes no difference", async (_name, sudoers) => {
  const shell = await realShell(await hostOf(sudoers), asked);
  expect((await shell.run("id -un", soon)).stdout).toBe("root\n");
  expect((await shell.run("id -un", soon)).stdout).toBe("root\n");
});

test.each([
  ["a wrong password", may, "wrong", "does not accept the password", "connection.sudoPassword"],
  ["one try only", `Defaults passwd_tries=1\n${may}`, "wrong", "does not accept", "connection.sudoPassword"],
  ["requiretty", `Defaults requiretty\n${may}`, password, "only at a terminal", "!requiretty"],
  ["a user who may nothing", "", password, "may not become root", "sudoers"],
  ["no password given", may, undefined, "asks user operator for a password", "connection.sudoPassword"],
])(
  "%s: login-refused as soon as sudo says so, and nothing ran",
  async (_name, sudoers, given, what, next) => {
    const ran = join(tempFolder(), "ran");
    const { sudoPassword: _, ...unasked } = asked;
    const access = given === undefined ? unasked : { ...unasked, sudoPassword: given };
    const shell = await realShell(await hostOf(sudoers), access);
    const error = await failureOf(shell.run(`touch ${ran}`, soon));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain(what);
    expect(error.details.next).toContain(next);
    expect(error.text()).not.toContain(password);
    expect(error.details.seen).not.toContain("after 15 s");
    expect(existsSync(ran)).toBe(false);
  },
);

test("the password is in no process, no log of sshd, and no log of a sudo that logs all input", async () => {
  const logs = join(tempFolder(), "io");
  mkdirSync(logs);
  const sudoers = `Defaults log_input, log_output, !compress_io, iolog_dir=${logs}, iolog_file=%{seq}\n${may}`;
  const sshd = await hostOf(sudoers);
  const shell = await realShell(sshd, asked);
  // Its own words are in stdin only, so what is found is not the search itself.
  const look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; echo end";
  const { stdout } = await shell.run(look, soon);
  expect(stdout).toContain("sshd");
  expect(stdout).not.toContain("planted-Passw0rd");
  expect(sshd.log()).not.toContain("planted-Passw0rd");
  // The log is there, with the input of the command in it, and without the password.
  expect(readdirSync(logs).length).toBeGreaterThan(0);
  expect(execFileSync("grep", ["-rl", "cmdline", logs], { encoding: "utf8" })).toContain("stdin");
  expect(() => execFileSync("grep", ["-r", "planted-Passw0rd", logs])).toThrow();
});
