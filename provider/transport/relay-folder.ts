import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isProcessAlive } from "../core/process-alive";

const prefix = "immutable-os-";
export const socketName = "nix.sock";

/** For one relay's socket. The name tells whose it is. */
export function privateFolder(): Promise<string> {
  return mkdtemp(join(baseFolder(), `${prefix}${process.pid}-`));
}

/** Removes what relays of this user left behind that were killed: nobody else would. */
export async function removeStaleFolders(): Promise<void> {
  const names = await readdir(baseFolder()).catch((): string[] => []);
  await Promise.all(names.map((name) => removeIfStale(name).catch(() => undefined)));
}

async function removeIfStale(name: string): Promise<void> {
  const pid = Number(/^immutable-os-(\d+)-\w{6}$/.exec(name)?.[1] ?? Number.NaN);
  if (Number.isNaN(pid) || isProcessAlive(pid)) return;
  const folder = join(baseFolder(), name);
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return;
  // A process of another container is not seen from here, but it listens.
  if (!(await isListening(join(folder, socketName)))) await rm(folder, { recursive: true, force: true });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}

/** A unix socket's path may have about 100 characters, which the user's temporary folder can exceed. */
function baseFolder(): string {
  return tmpdir().length <= 70 ? tmpdir() : "/tmp";
}
