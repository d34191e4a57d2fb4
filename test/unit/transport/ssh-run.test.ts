import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connectSsh } from "../../../provider/transport/ssh";
import { until } from "../support/until";
import { accessTo, cleanUp, failureOf, hostFor, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };
/** Not beyond the test, which may have been ended. */
const waitsFor = (path: string): string =>
  `while [ ! -e ${path} ] && [ -d ${dirname(path)} ]; do sleep 0.1; done`;

describe("a script on a real sh", () => {
  test.each([
    [
      "exit code and both streams",
      "echo out; echo err >&2; exit 3",
      { exitCode: 3, stdout: "out\n", stderr: "err\n" },
    ],
    ["output without a newline", "printf a; printf b >&2", { exitCode: 0, stdout: "a", stderr: "b" }],
    ["no output", "true", { exitCode: 0, stdout: "", stderr: "" }],
    ["an empty script", "", { exitCode: 0, stdout: "", stderr: "" }],
    ["only a comment", "# nothing", { exitCode: 0, stdout: "", stderr: "" }],
    ["a here-document", "cat <<'END'\n$HOME `x`\nEND", { exitCode: 0, stdout: "$HOME `x`\n", stderr: "" }],
    ["set -e", "set -e; false; echo never", { exitCode: 1, stdout: "", stderr: "" }],
  ])("%s", async (_name, script, result) => {
    const shell = await shellOn(await hostFor({ localSh: {} }));
    expect(await shell.run(script, soon)).toEqual(result);
  });

  // dash reads its script in blocks, bash by the byte: what follows the commands is there to be eaten.
  test.each(["dash", "bash"])("a command cannot eat the rest of the script from stdin: %s", async (name) => {
    const folder = tempFolder();
    symlinkSync(`/bin/${name}`, join(folder, "sh"));
    const shell = await shellOn(await hostFor({ localSh: { path: [folder] } }));
    const { stdout } = await shell.run('cat; read line; echo "read $?"; cat; echo end', soon);
    expect(stdout).toBe("read 1\nend\n");
  });

  test("the script is in no process list", async () => {
    const host = await hostFor({ localSh: {} });
    await (await shellOn(host)).run("secret=hunter2; true", soon);
    expect(host.commands).toEqual(["sh -s"]);
  });

  test("characters of several bytes survive the cuts between packets", async () => {
    const shell = await shellOn(await hostFor({ localSh: {} }));
    const { stdout } = await shell.run("for i in $(seq 20000); do printf 'aé€𝄞'; done", soon);
    expect(stdout).toBe("aé€𝄞".repeat(20_000));
  });

  test("lines are passed on as they come", async () => {
    const shell = await shellOn(await hostFor({ localSh: {} }));
    const lines: string[] = [];
    const go = join(tempFolder(), "go");
    const { exitCode } = await shell.run(
      `echo one; ${waitsFor(go)}; printf 'tw'; echo o >/dev/null; echo o; head -c 9000 /dev/zero | tr '\\0' x`,
      {
        ...soon,
        onLine: (line) => {
          lines.push(line);
          // The script goes on only when its first line has come.
          if (line === "one") writeFileSync(go, "");
        },
      },
    );
    expect(exitCode).toBe(0);
    expect(lines.slice(0, 2)).toEqual(["one", "two"]);
    expect(lines.slice(2).map((line) => line.length)).toEqual([4_096, 4_096, 808]);
  });

  test("a background process does not hold the answer back", async () => {
    const shell = await shellOn(await hostFor({ localSh: {} }));
    const go = join(tempFolder(), "go");
    expect((await shell.run(`${waitsFor(go)} & echo started`, soon)).stdout).toBe("started\n");
    writeFileSync(go, "");
  });

  test("many scripts at once on one connection", async () => {
    const host = await hostFor({ localSh: {} });
    const shell = await shellOn(host);
    const results = await Promise.all([1, 2, 3, 4, 5].map((n) => shell.run(`echo ${n}`, soon)));
    expect(results.map((result) => result.stdout)).toEqual(["1\n", "2\n", "3\n", "4\n", "5\n"]);
    expect(host.counts.connections).toBe(1);
  });

  test("a shell that is killed has not ended the script", async () => {
    const shell = await shellOn(await hostFor({ localSh: {} }));
    const error = await failureOf(shell.run("echo before; kill -9 $$; sleep 1", soon));
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain("7 bytes of output");
    expect(error.details.log).toContain("before");
    expect((await shell.run("echo still here", soon)).stdout).toBe("still here\n");
  });

  test("a script of which only the beginning arrived does not run", async () => {
    const folder = tempFolder();
    const shell = await shellOn(await hostFor({ localSh: {} }));
    await failureOf(shell.run(`touch ${folder}/ran\n( # the rest was lost`, soon));
    expect((await shell.run(`ls ${folder}`, soon)).stdout).toBe("");
  });
});

describe("through sudo", () => {
  function fakeSudo(script: string): string {
    const folder = tempFolder();
    writeFileSync(join(folder, "sudo"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "sudo"), 0o755);
    return folder;
  }
  const works = 'test "$1 $2" = "-n --" || exit 9; shift 2; AS_ROOT=yes exec "$@"';

  test("when asked for, and the user is not root", async () => {
    const host = await hostFor({ localSh: { path: [fakeSudo(works)] } });
    const shell = await shellOn(host, { user: "admin", sudo: true });
    expect((await shell.run("echo $AS_ROOT", soon)).stdout).toBe("yes\n");
    const root = await shellOn(host, { user: "root", sudo: true });
    expect((await root.run("echo $AS_ROOT", soon)).stdout).toBe("\n");
  });

  test("that asks for a password: login-refused, with what to do", async () => {
    const path = [fakeSudo("echo 'sudo: a password is required' >&2; exit 1")];
    const shell = await shellOn(await hostFor({ localSh: { path } }), { user: "admin", sudo: true });
    const error = await failureOf(shell.run("true", soon));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain("sudo asks user admin for a password");
    expect(error.details.next).toContain("NOPASSWD");
  });

  test("that is not installed", async () => {
    const host = await hostFor({
      onExec: () => ({ insteadOfShell: { stderr: "sh: sudo: not found\n", exitCode: 127 } }),
    });
    const error = await failureOf((await shellOn(host, { user: "admin", sudo: true })).run("true", soon));
    expect(error.code).toBe("login-refused");
    expect(error.details.seen).toContain("sudo: not found");
  });
});

describe("a host that fails", () => {
  test("noise of a login shell is not output", async () => {
    const noise = "Welcome!\n\x1e0 begin\nLast login: …\n";
    const host = await hostFor({ onExec: () => ({ noise, stdout: "answer\n", exitCode: 4 }) });
    const result = await (await shellOn(host)).run("x", soon);
    expect(result).toEqual({ exitCode: 4, stdout: "answer\n", stderr: "" });
  });

  test("a forced command instead of a shell: login-refused, with its words", async () => {
    const stderr = "Please login as the user admin\n";
    const host = await hostFor({ onExec: () => ({ insteadOfShell: { stderr, exitCode: 142 } }) });
    const error = await failureOf((await shellOn(host)).run("true", soon));
    expect(error.code).toBe("login-refused");
    expect(error.details.seen).toContain("Please login as the user admin");
  });

  test("an end without the mark is no success, whatever the exit status says", async () => {
    const host = await hostFor({ onExec: () => ({ stdout: "half", noTrailer: true, exitCode: 0 }) });
    const error = await failureOf((await shellOn(host)).run("x", soon));
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain("4 bytes of output");
  });

  test("a connection that breaks in the middle of the output", async () => {
    const host = await hostFor({ onExec: () => ({ stdout: "x".repeat(5_000), cutAfterBytes: 1_000 }) });
    const shell = await shellOn(host);
    const error = await failureOf(shell.run("x", soon));
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain("1000 bytes of output");
    await shell.closed;
    expect((await failureOf(shell.run("x", soon))).code).toBe("connection-lost");
  });

  test("a connection that is cut with five commands running fails all of them, and nothing else", async () => {
    let running = 0;
    const host = await hostFor({ onExec: () => (running++, { hang: true }) });
    const shell = await shellOn(host);
    const failing = [1, 2, 3, 4, 5].map(() => failureOf(shell.run("x", soon)));
    await until("all of them run", () => running === 5);
    host.dropConnections();
    expect((await Promise.all(failing)).map((error) => error.code)).toEqual(Array(5).fill("connection-lost"));
  });

  test("a command that hangs ends at its deadline, and the connection lives on", async () => {
    const host = await hostFor({
      onExec: ({ script }) => (script === "hang" ? { hang: true, stdout: "so far" } : {}),
    });
    const shell = await shellOn(host);
    const error = await failureOf(shell.run("hang", { deadlineSeconds: 5 }));
    expect(error.code).toBe("deadline-exceeded");
    expect(error.details.what).toContain("within 5 s");
    expect(error.details.log).toContain("so far");
    expect((await shell.run("other", soon)).exitCode).toBe(0);
  });

  test("a host that falls silent is noticed, the command fails and the connection closes", async () => {
    let running = false;
    const host = await hostFor({ onExec: () => ((running = true), { hang: true }) });
    const shell = await shellOn(host, {}, 2);
    const failing = failureOf(shell.run("x", { deadlineSeconds: 60 }));
    await until("it runs", () => running);
    host.freeze();
    const error = await failing;
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain("sent nothing for 2 s");
    await shell.closed;
  });

  test("a deadline on a silent connection closes the connection", async () => {
    let running = false;
    const host = await hostFor({ onExec: () => ((running = true), { hang: true }) });
    const shell = await shellOn(host, {}, 8);
    const failing = failureOf(shell.run("x", { deadlineSeconds: 4 }));
    await until("it runs", () => running);
    host.freeze();
    expect((await failing).code).toBe("deadline-exceeded");
    await shell.closed;
  });

  test("output without end is cut off at 8 MiB", async () => {
    const host = await hostFor({ onExec: () => ({ endless: true }) });
    const error = await failureOf((await shellOn(host)).run("yes", soon));
    expect(error.code).toBe("command-failed");
    expect(error.details.what).toContain("8 MiB");
  });

  test("binary output does no harm", async () => {
    const host = await hostFor({ onExec: () => ({ stdout: Buffer.from([0, 255, 0x1e, 254, 10, 0x1e]) }) });
    expect((await (await shellOn(host)).run("x", soon)).stdout).toBe("\0\ufffd\x1e\ufffd\n\x1e");
  });

  test("a host that opens no more channels", async () => {
    const host = await hostFor({ localSh: {} });
    const shell = await shellOn(host);
    host.faults.refuseChannels = true;
    const error = await failureOf(shell.run("true", soon));
    expect(error.code).toBe("command-failed");
    expect(error.details.next).toContain("MaxSessions");
  });
});

// A timer that is left would hold the process for seconds after the last command.
test("a command that has ended leaves no timer behind", async () => {
  const host = await hostFor({ localSh: {} });
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const shell = await connectSsh(accessTo(host));
  for (let run = 0; run < 20; run++) await shell.run("true", soon);
  shell.close();
  await shell.closed;
  expect(timers()).toBeLessThan(before + 10);
});

test("closing ends the connection, and later commands say so", async () => {
  const host = await hostFor({ localSh: {} });
  const shell = await connectSsh(accessTo(host));
  shell.close();
  await shell.closed;
  const error = await failureOf(shell.run("true", soon));
  expect(error.code).toBe("connection-lost");
  expect(error.details.what).toContain("closed here");
});
