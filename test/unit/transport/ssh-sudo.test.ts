import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Access } from "../../../provider/core/shell";
import type { SshHost } from "../../contract/ssh-host";
import { sudoStandIn, type SudoManners } from "../../lab/sudo-stand-in";
import { until } from "../support/until";
import { cleanUp, failureOf, hostFor, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
const password = "correct horse $HOME 'x' \"y\" é";
const admin: Partial<Access> = { user: "admin", sudo: true, sudoPassword: password };

interface Played {
  host: SshHost;
  folder: string;
  /** All that the stand-in has read as a password, and all it was started with. */
  notes: () => string;
}

async function hostWithSudo(manners: SudoManners = {}): Promise<Played> {
  const folder = tempFolder();
  const notes = join(folder, "notes");
  sudoStandIn(folder, { password, notes, ...manners });
  const host = await hostFor({ localSh: { path: [folder] } });
  return { host, folder, notes: () => (existsSync(notes) ? readFileSync(notes, "utf8") : "") };
}

describe("sudo asks for a password", () => {
  test("a script runs as root; the password is on no command line and in no environment", async () => {
    const { host, notes } = await hostWithSudo();
    const shell = await shellOn(host, admin);
    const seen = await shell.run(`echo "$AS_ROOT"; cat /proc/$PPID/cmdline | tr '\\0' ' '; env`, soon);
    expect(seen.exitCode).toBe(0);
    expect(seen.stdout).toContain("yes\n");
    expect(seen.stdout + host.commands.join()).not.toContain("horse");
    expect(notes()).toBe(`read ${password}\n`);
  });

  test("it is asked anew for every command, also for five at once", async () => {
    const { host, notes } = await hostWithSudo();
    const shell = await shellOn(host, admin);
    const results = await Promise.all([1, 2, 3, 4, 5].map((n) => shell.run(`cat; echo ${n}`, soon)));
    expect(results.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n", "3\n", "4\n", "5\n"]);
    expect(notes()).toBe(`read ${password}\n`.repeat(5));
  });

  test("an upload arrives whole, though sudo reads from the same stdin", async () => {
    const { host, folder } = await hostWithSudo();
    const data = Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => (i * 7919) % 251));
    writeFileSync(join(folder, "local"), data);
    await (await shellOn(host, admin)).upload(join(folder, "local"), join(folder, "remote"), soon);
    expect(readFileSync(join(folder, "remote")).equals(data)).toBe(true);
  });

  test("a relay speaks to its command and to nobody else", async () => {
    const { host, notes } = await hostWithSudo();
    const relay = await (await shellOn(host, admin)).relay("sh -c 'echo $AS_ROOT; cat'");
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect({ path: relay.socketPath, allowHalfOpen: true });
      socket.on("data", (chunk) => (text += chunk.toString())).on("end", () => resolve(text));
      socket.end("hello\n");
    });
    expect(answer).toBe("yes\nhello\n");
    expect(relay.remoteErrors()).not.toContain("horse");
    expect(notes()).not.toContain("hello");
    await relay.close();
  });

  test.each<[string, SudoManners]>([
    ["does not ask (NOPASSWD, or asked before)", { asks: false }],
    [
      "gives its lecture first",
      { lecture: "We trust you have received the usual lecture.\n#1) Respect …\n" },
    ],
  ])("a sudo that %s", async (_name, manners) => {
    const { host, notes } = await hostWithSudo(manners);
    const shell = await shellOn(host, { ...admin, sudoPassword: `${password}\n` });
    expect(await shell.run("echo ran; echo err >&2; exit 3", soon)).toEqual({
      exitCode: 3,
      stdout: "ran\n",
      stderr: "err\n",
    });
    expect(notes()).toBe(manners.asks === false ? "" : `read ${password}\n`);
  });
});

describe("no way through sudo", () => {
  const ran = (folder: string): string => join(folder, "ran");

  test.each<[string, SudoManners, string, string]>([
    ["a wrong password", { password: "another" }, "does not accept the password", "connection.sudoPassword"],
    [
      "a wrong password, and one try only",
      { password: "another", tries: 1 },
      "does not accept the password",
      "connection.sudoPassword",
    ],
    [
      "requiretty",
      { refusal: "sudo: sorry, you must have a tty to run sudo" },
      "only at a terminal",
      "!requiretty",
    ],
    [
      "a user who is not in sudoers",
      { refusalAfterPassword: "admin is not in the sudoers file." },
      "may not become root",
      "sudoers",
    ],
    ["a prompt of another kind", { prompt: "Verification code: " }, "gets no shell through sudo", "sudoers"],
    ["endless words", { endless: true }, "gets no shell through sudo", "sudoers"],
  ])("%s: login-refused, nothing ran, no password in the text", async (_name, manners, what, next) => {
    const { host, folder, notes } = await hostWithSudo(manners);
    const shell = await shellOn(host, admin);
    const error = await failureOf(shell.run(`touch ${ran(folder)}`, { deadlineSeconds: 60 }));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain(what);
    expect(error.details.next).toContain(next);
    expect(error.text()).not.toContain("horse");
    // Only an unknown prompt has to be waited for.
    expect(error.details.seen?.includes("after 15 s")).toBe(manners.prompt !== undefined);
    expect(existsSync(ran(folder))).toBe(false);
    // Nothing of the script was ever taken for a password.
    expect(notes()).not.toContain("touch");
    expect(notes().split("\n").length).toBeLessThanOrEqual(2);
  });

  test("a sudo that says the password back does not get it into the error", async () => {
    const { host } = await hostWithSudo({ refusalAfterPassword: `I heard ${password}` });
    const error = await failureOf((await shellOn(host, admin)).run("true", soon));
    expect(error.text()).toContain("I heard ***");
    expect(error.text()).not.toContain("horse");
  });

  test("no sudo at all", async () => {
    const host = await hostFor({
      localSh: { env: {}, rewrite: (text) => text.replace(/^sudo/, "no-sudo-here") },
    });
    const error = await failureOf((await shellOn(host, admin)).run("true", soon));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain("there is no sudo");
  });

  test("without a sudoPassword, the error names the property", async () => {
    const { host } = await hostWithSudo();
    const { sudoPassword: _, ...unasked } = admin;
    const error = await failureOf((await shellOn(host, unasked)).run("true", soon));
    expect(error.details.what).toContain("sudo asks user admin for a password");
    expect(error.details.next).toContain("connection.sudoPassword");
  });

  test("the connection breaks while sudo asks", async () => {
    const { host, notes } = await hostWithSudo({ slow: true });
    const failing = failureOf((await shellOn(host, admin)).run("true", soon));
    await until("sudo has the password", () => notes() !== "");
    host.dropConnections();
    const error = await failing;
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain("sudo");
  });
});

describe("the machine's own sudo", () => {
  /** Whoever runs the tests as root may always, and is never asked. */
  test("runs the gate, the script and the upload", async () => {
    if (userInfo().uid !== 0) throw new Error("this test needs root, whom sudo does not ask");
    const folder = tempFolder();
    const shell = await shellOn(await hostFor({ localSh: {} }), admin);
    const { stdout } = await shell.run('echo "$SUDO_COMMAND"; cat; id -u', soon);
    expect(stdout).toMatch(/^\/(usr\/)?bin\/sh -c printf [^]* sh -s\n0\n$/);
    writeFileSync(join(folder, "local"), "content");
    await shell.upload(join(folder, "local"), join(folder, "remote"), soon);
    expect(readFileSync(join(folder, "remote"), "utf8")).toBe("content");
  });
});
