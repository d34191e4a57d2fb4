import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endStaleRelays, notedCommand } from "../../../provider/transport/relay-script";
import { until } from "../support/until";
import { cleanUp, tempFolder } from "./support";

const children: ChildProcess[] = [];
jest.setTimeout(120_000);
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await cleanUp();
});

function start(path: string, args: string[]): ChildProcess & { pid: number } {
  const child = spawn(path, args, { stdio: "ignore" }) as ChildProcess & { pid: number };
  children.push(child);
  return child;
}

const exited = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => child.once("exit", resolve));

test("Nix programs whose pids were noted are ended, other programs are left alone", async () => {
  const folder = tempFolder();
  for (const name of ["nix-daemon", "nix-store", "other-daemon"])
    copyFileSync("/bin/sleep", join(folder, name));
  const daemon = start(join(folder, "nix-daemon"), ["60"]);
  const store = start(join(folder, "nix-store"), ["60"]);
  const other = start(join(folder, "other-daemon"), ["60"]);
  const notNoted = start(join(folder, "nix-daemon"), ["60"]);
  const file = join(folder, "pids");
  writeFileSync(file, `${daemon.pid}\n${store.pid}\n${other.pid}\n999999999\nrm -rf /\n`);
  const gone = Promise.all([exited(daemon), exited(store)]);
  execFileSync("sh", ["-s"], { input: endStaleRelays(file) });
  await gone;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(other.exitCode ?? other.signalCode).toBeNull();
  expect(notNoted.exitCode ?? notNoted.signalCode).toBeNull();
  expect(existsSync(file)).toBe(false);
});

test("one that ignores the polite way is killed", async () => {
  const folder = tempFolder();
  copyFileSync("/bin/bash", join(folder, "nix-daemon"));
  const deafNow = join(folder, "deaf");
  const script = `trap '' TERM; : >${deafNow}; while :; do sleep 1; done`;
  const deaf = start(join(folder, "nix-daemon"), ["-c", script]);
  await until("it ignores the polite way", () => existsSync(deafNow));
  const file = join(folder, "pids");
  writeFileSync(file, `${deaf.pid}\n`);
  const gone = exited(deaf);
  const ending = spawnSync("sh", ["-s"], { input: endStaleRelays(file) });
  await gone;
  expect(ending.status).toBe(0);
  expect(deaf.signalCode).toBe("SIGKILL");
});

test("without a file there is nothing to do", () => {
  const result = spawnSync("sh", ["-s"], { input: endStaleRelays("/nonexistent/pids"), encoding: "utf8" });
  expect(result).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("the noted pid is the command's own, which gets its arguments unchanged", () => {
  const file = join(tempFolder(), "new/pids");
  const command = notedCommand(`sh -c 'echo $$ "$@"' sh 'local?root=/mnt'`, file);
  const output = execFileSync("sh", ["-c", command], { encoding: "utf8" });
  expect(output).toBe(`${readFileSync(file, "utf8").trim()} local?root=/mnt\n`);
});

test("where the pid cannot be noted the command runs all the same", () => {
  const result = spawnSync("sh", ["-c", notedCommand("echo here", "/proc/nothing/pids")], {
    encoding: "utf8",
  });
  expect(result.stdout).toBe("here\n");
});
