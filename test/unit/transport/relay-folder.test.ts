import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import { dirname, join } from "node:path";
import { removeStaleFolders } from "../../../provider/transport/relay-folder";
import { accessTo, cleanUp, hostFor, onCleanUp, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
// Other tests on this machine open relays, too, and each of them removes what is stale in the common folder.
beforeEach(() => {
  const own = tempFolder();
  jest.spyOn(os, "tmpdir").mockReturnValue(own);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await cleanUp();
});

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn("true");
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid as number;
}

function folderOf(pid: number | string): string {
  const folder = mkdtempSync(join(os.tmpdir(), `immutable-os-${pid}-`));
  onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "nix.sock"), "");
  return folder;
}

test("what a killed relay left behind goes with the next one", async () => {
  const script = `
    const { connectSsh } = require("./provider/transport/ssh");
    connectSsh(JSON.parse(process.env.ACCESS)).then((shell) => shell.relay("cat")).then((relay) => {
      console.log(relay.socketPath);
      setInterval(() => undefined, 1000);
    });`;
  const host = await hostFor({ localSh: {} });
  const child = spawn(process.execPath, ["--import", "tsx", "-e", script], {
    env: { ...process.env, TMPDIR: os.tmpdir(), ACCESS: JSON.stringify(accessTo(host)) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onCleanUp(() => void child.kill("SIGKILL"));
  const path = await new Promise<string>((resolve) => {
    child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
  });
  const folder = dirname(path);
  expect(folder).toContain(`immutable-os-${child.pid}-`);

  const shell = await shellOn(host);
  await (await shell.relay("cat")).close();
  expect(existsSync(folder)).toBe(true);

  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  expect(existsSync(folder)).toBe(true);
  await (await shell.relay("cat")).close();
  expect(existsSync(folder)).toBe(false);
});

test("only what is surely dead is removed", async () => {
  const pid = await deadPid();
  const dead = folderOf(pid);
  const kept = [
    folderOf(process.pid),
    folderOf("notes"),
    mkdtempSync(join(os.tmpdir(), `immutable-os-${pid}-notes-`)),
  ];
  onCleanUp(() => rmSync(kept[2] as string, { recursive: true, force: true }));
  await removeStaleFolders();
  expect(existsSync(dead)).toBe(false);
  for (const folder of kept) expect(existsSync(folder)).toBe(true);
});

test("a socket that somebody still listens on is left alone, also when its process is not seen from here", async () => {
  const folder = folderOf(await deadPid());
  rmSync(join(folder, "nix.sock"));
  const server = createServer((socket) => socket.destroy()).listen(join(folder, "nix.sock"));
  await new Promise((resolve) => server.once("listening", resolve));
  await removeStaleFolders();
  expect(readdirSync(folder)).toEqual(["nix.sock"]);
  await new Promise((resolve) => server.close(resolve));
  await removeStaleFolders();
  expect(existsSync(folder)).toBe(false);
});
