import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Shell } from "../../../provider/core/shell";
import { realShell, realSshd } from "./real-sshd";
import { cleanUp, failureOf, tempFolder } from "./support";
import type { Operator } from "./operator";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };

const shellOf = async (operator: Operator, config = ""): Promise<Shell> =>
  realShell(await realSshd({ operator, config }));

const bashrc = (text: string | Buffer): Operator => ({ home: { ".bashrc": text } });

async function relayed(shell: Shell, words: string): Promise<{ answer: string; errors: string }> {
  const relay = await shell.relay("sh -c 'echo ready; cat'");
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect({ path: relay.socketPath, allowHalfOpen: true });
    socket.on("data", (chunk) => (text += chunk.toString())).on("close", () => resolve(text));
    socket.on("error", () => undefined);
    socket.end(words);
  });
  const errors = relay.remoteErrors();
  await relay.close();
  return { answer, errors };
}

/** Real login shells, each doing its worst with what sshd hands it, and none of it can be seen in the results. */
test.each<[string, Operator]>([
  ["fish", { shell: "/usr/bin/fish" }],
  ["tcsh", { shell: "/usr/bin/tcsh" }],
  ["tcsh whose .cshrc prints", { shell: "/usr/bin/tcsh", home: { ".cshrc": "echo welcome\n" } }],
  [
    "fish whose config prints",
    { shell: "/usr/bin/fish", home: { ".config/fish/config.fish": "echo welcome\n" } },
  ],
  ["bash whose .bashrc prints on both streams", bashrc("echo welcome; echo motd >&2\n")],
  ["bash whose .bashrc prints half a megabyte", bashrc("head -c 500000 /dev/zero | tr '\\0' x\n")],
  ["bash whose .bashrc prints what is no text", bashrc("printf '\\377\\376\\036\\0\\033[2J'\n")],
  [
    "bash whose .bashrc prints forged marks",
    bashrc(`printf '\\036%s begin\\nlie\\n\\036%s 0\\n' ${"0".repeat(32)} ${"0".repeat(32)}\n`),
  ],
  ["bash whose .bashrc sets strict options", bashrc("set -eu -o pipefail; set -x\n")],
  [
    "bash whose .bashrc changes the folder and hides commands",
    bashrc("cd /; alias sh=false; cat() { false; }\n"),
  ],
])("%s: scripts, uploads and relays work", async (_name, operator) => {
  const folder = tempFolder();
  const text = join(folder, "banner");
  writeFileSync(text, `${"Authorised use only. ".repeat(400)}\n`);
  const shell = await shellOf(operator, `Banner ${text}`);
  const lines: string[] = [];
  const script = "echo 'out $HOME'; echo err >&2; exit 3";
  const result = await shell.run(script, { ...soon, onLine: (line) => lines.push(line) });
  expect(result).toEqual({ exitCode: 3, stdout: "out $HOME\n", stderr: "err\n" });
  expect(lines.sort()).toEqual(["err", "out $HOME"]);

  writeFileSync(join(folder, "local"), "content");
  const remote = `${folder} it's $HOME`;
  await shell.upload(join(folder, "local"), remote, soon);
  expect(readFileSync(remote, "utf8")).toBe("content");
  await shell.run(`rm -f "${folder} it's \\$HOME"`, soon);

  expect((await relayed(shell, "hello\n")).answer).toBe("ready\nhello\n");
});

test.each<[string, Operator, RegExp]>([
  ["/bin/false", { shell: "/bin/false" }, /no output \(exit code 1\)/],
  ["nologin", { shell: "/usr/sbin/nologin" }, /not available/],
  ["python", { shell: "/usr/bin/python3" }, /NameError/],
  ["bash whose .bashrc exits 0", bashrc("echo go away; exit 0\n"), /go away \(exit code 0\)/],
  ["bash whose .bashrc exits 1", bashrc("exit 1\n"), /no output \(exit code 1\)/],
  ["bash whose .bashrc becomes another program", bashrc("exec head -c 10\n"), /exit code 0/],
  ["bash whose .bashrc eats all of stdin", bashrc("cat >/dev/null\n"), /exit code 0/],
])("%s: no shell, and the error says so", async (_name, operator, seen) => {
  const shell = await shellOf(operator);
  const error = await failureOf(shell.run("echo never", soon));
  expect(error.code).toBe("login-refused");
  expect(error.details.what).toContain("user operator is logged in");
  expect(error.details.what).toContain("gets no shell");
  expect(error.details.seen).toMatch(seen);
  expect(error.details.next).toContain("connection.user");
});

test("a login shell that asks something is told apart from a script that takes long", async () => {
  const shell = await shellOf(bashrc("echo 'Accept the terms? [y/n]'; sleep 60\n"));
  const error = await failureOf(shell.run("echo never", { deadlineSeconds: 5 }));
  expect(error.code).toBe("deadline-exceeded");
  expect(error.details.what).toContain("did not begin to run it");
  expect(error.details.seen).toContain("Accept the terms?");
});

test("a relay behind a login shell that ends has the reason", async () => {
  const shell = await shellOf(
    bashrc(`case "$*$BASH_EXECUTION_STRING" in *relay-pids*) echo go away; exit 0;; esac\n`),
  );
  const { answer, errors } = await relayed(shell, "hello\n");
  expect(answer).toBe("");
  expect(errors).toContain("did not begin the command: go away");
});

test("the session's keys are changed in the middle of both ways of traffic", async () => {
  const shell = await shellOf({}, "RekeyLimit 128K none");
  const folder = tempFolder();
  const data = Buffer.from(Array.from({ length: 2_000_011 }, (_, i) => (i * 7919) % 251));
  writeFileSync(join(folder, "local"), data);
  await shell.upload(
    join(folder, "local"),
    join(folder.replace("transport", "transport-up"), "x").replace(/\/x$/, ""),
    soon,
  );
  const { stdout } = await shell.run(
    "head -c 2000000 /dev/zero | tr '\\0' x; rm -f /tmp/transport-up*",
    soon,
  );
  expect(stdout).toBe("x".repeat(2_000_000));
});
