import { open, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { shortened } from "./inputs";

/** Why a file cannot be used, told after its property. Opened and not only asked for: rights are not all that counts. */
export async function fileProblem(written: string, mostBytes = Infinity): Promise<string | undefined> {
  const path = pathOf(written);
  // What has several lines is no path, but perhaps a key.
  const shown = path.includes("\n") ? "a text of several lines" : shortened(path, 200);
  try {
    const found = await stat(path);
    if (found.isDirectory()) return `must be a file: ${shown} is a folder`;
    if (!found.isFile()) return `must be a file: ${shown} is a device, a pipe or a socket`;
    await (await open(path)).close();
    return found.size > mostBytes
      ? `must be a file of at most ${mostBytes} bytes: ${shown} is larger`
      : undefined;
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? `names a file that does not exist where Pulumi runs: ${shown}`
      : `names a file that cannot be read where Pulumi runs: ${shown} (${code})`;
  }
}

export async function isFolder(written: string): Promise<boolean> {
  return stat(pathOf(written)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function pathOf(written: string): string {
  return resolve(written.replace(/^~(?=\/|$)/, homedir()));
}

export async function socketProblem(path: string): Promise<string | undefined> {
  const isSocket = await stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
  return isSocket ? undefined : `must be the socket of an ssh agent: ${shortened(path, 200)} is none`;
}
