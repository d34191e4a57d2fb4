import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildMachine } from "../../../provider/image/build-machine";
import { builders } from "../../../provider/image/builders";
import { keeperScript } from "../../../provider/image/working-folder";
import { openLocalShell } from "../../../provider/transport/local-shell";
import { builderStandIn, type BuilderStandIn } from "../support/builder-stand-in";
import { failureOf } from "../support/fake-shell";
import { until } from "../support/until";
import { realShell, realSshd } from "../transport/real-sshd";
import { cleanUp } from "../transport/support";

jest.setTimeout(120_000);
const soon = { deadlineSeconds: 60 };
let standIn: BuilderStandIn;
const machines: BuildMachine[] = [];
const clients: ChildProcess[] = [];

beforeEach(() => (standIn = builderStandIn()));
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.end();
  for (const client of clients.splice(0)) client.kill("SIGKILL");
  await cleanUp();
  standIn.remove();
});

async function opened(tool?: "buildah" | "podman"): Promise<BuildMachine> {
  const machine = await BuildMachine.open(openLocalShell(), tool);
  machines.push(machine);
  return machine;
}

describe("a working folder", () => {
  test("is private, and so is the place for passwords, in RAM", async () => {
    const { folder, version } = await opened();
    expect(version).toBe("buildah version 1.28.2 (a stand-in)");
    expect(folder.path.startsWith(standIn.folder)).toBe(true);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(folder.secrets).toMatch(/^\/dev\/shm\/immutable-os-/);
    expect(statSync(folder.secrets).mode & 0o777).toBe(0o700);
  });

  test("scripts run in it, with temporary files in it", async () => {
    const machine = await opened();
    const { stdout } = await machine.run('pwd; echo "$TMPDIR"', soon);
    expect(stdout).toBe(`${machine.folder.path}\n${machine.folder.path}/tmp\n`);
    expect((await machine.run("exit 7", soon)).exitCode).toBe(7);
  });

  test("nothing is left of it at the end, and of its images and containers", async () => {
    const machine = await opened();
    const { base, image, look } = machine.names;
    const mine = `${base.replace("localhost/", "")}-working-container`;
    writeFileSync(join(standIn.folder, "containers"), `${mine}\nsomebody-elses-working-container\n`);
    expect(await machine.end()).toBeUndefined();
    expect(existsSync(machine.folder.path)).toBe(false);
    expect(existsSync(machine.folder.secrets)).toBe(false);
    expect(standIn.containers()).toEqual(["somebody-elses-working-container"]);
    for (const name of [base, image, look]) expect(standIn.calls()).toContain(`rmi ${name}`);
  });

  test("a clean-up that takes longer is left to itself: nothing of it is killed", async () => {
    const machine = await opened();
    const done = join(standIn.folder, "removed");
    // As a Go program, which takes SIGTERM again where a shell had ignored it.
    standIn.on("rmi", `env --default-signal=TERM sh -c 'sleep 2; echo x >> ${done}'`);
    const left = await machine.end(0.5);
    expect(left?.details.what).toContain(machine.folder.path);
    machine.close();
    await until("the folder is gone", () => !existsSync(machine.folder.path));
    expect(readFileSync(done, "utf8")).toBe("x\n".repeat(3));
    standIn.on("rmi", "");
  });

  test("what still runs is ended first, also what is in a group of its own", async () => {
    const machine = await opened();
    const file = join(standIn.folder, "pids");
    const script = `sh -c 'echo $$; trap "" TERM; sleep 600 & wait; sleep 601' >>${file} & timeout 600 sh -c 'echo $$ >>${file}; sleep 602'; wait`;
    const running = failureOf(() => machine.run(script, { deadlineSeconds: 100 }));
    await until("both run", () => existsSync(file) && readFileSync(file, "utf8").split("\n").length === 3);
    expect(await machine.end()).toBeUndefined();
    expect((await running).details.what).toContain("before the script did");
    expect(pidsIn(file).filter(isAlive)).toEqual([]);
  });
});

test.each(["SIGKILL", "SIGINT"] as const)(
  "a client that dies of %s needs no clean-up of its own",
  async (signal) => {
    const id = `immutable-os-${randomBytes(6).toString("hex")}`;
    writeFileSync(join(standIn.folder, "containers"), `${id}-base-working-container\n`);
    // The keeper as a child of a client that nobody can ask for anything any more.
    const client = spawn(
      process.execPath,
      [
        "-e",
        `const { spawn } = require("node:child_process");
const keeper = spawn("sh", ["-s"], { detached: true });
keeper.stdout.pipe(process.stdout);
keeper.stdin.end(process.argv[1]);`,
        keeperScript(id, builders),
      ],
      // Jest's own copy, in which the stand-in is on PATH.
      { stdio: ["ignore", "pipe", "inherit"], env: process.env },
    );
    clients.push(client);
    const folder = join(standIn.folder, id);
    await new Promise<void>((resolve) => client.stdout.on("data", () => existsSync(folder) && resolve()));
    client.kill(signal);
    await until("the folder is gone", () => !existsSync(folder));
    expect(existsSync(join("/dev/shm", id))).toBe(false);
    expect(standIn.containers()).toEqual([]);
  },
);

test("a connection that breaks is enough for the machine behind it", async () => {
  const sshd = await realSshd({ config: `SetEnv PATH=${process.env["PATH"]} TMPDIR=${standIn.folder}` });
  const shell = await realShell(sshd);
  const { folder, version, names } = await BuildMachine.open(shell);
  expect(version).toContain("stand-in");
  writeFileSync(join(standIn.folder, "containers"), `${names.base.slice(10)}-working-container\n`);
  shell.close();
  await until("the folder is gone", () => !existsSync(folder.path));
  expect(existsSync(folder.secrets)).toBe(false);
  expect(standIn.containers()).toEqual([]);
});

describe("without a builder", () => {
  const path = process.env["PATH"];
  afterEach(() => void (process.env["PATH"] = path));

  test("the one that the program names is missed by name", async () => {
    process.env["PATH"] = onlyPlainTools();
    const error = await failureOf(() => opened("podman"));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toBe("the build machine has no podman");
  });

  test("nothing is left behind", async () => {
    standIn.remove();
    process.env["PATH"] = onlyPlainTools();
    const error = await failureOf(() => opened());
    expect(error.details.what).toBe("the build machine has neither buildah nor podman");
  });

  test("a folder that cannot be made is told", async () => {
    process.env["TMPDIR"] = "/proc/nowhere";
    const error = await failureOf(() => opened());
    expect(error.code).toBe("command-failed");
    expect(error.details.seen).toContain("/proc/nowhere");
  });
});

/** Without the real ones that this machine may have. */
function onlyPlainTools(): string {
  const folder = join(standIn.folder, "no-builders");
  mkdirSync(folder, { recursive: true });
  for (const tool of ["sh", "mkdir", "id", "stat"]) symlinkSync(`/bin/${tool}`, join(folder, tool));
  return folder;
}

function pidsIn(file: string): string[] {
  return readFileSync(file, "utf8").trim().split("\n");
}

function isAlive(pid: string): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
}
