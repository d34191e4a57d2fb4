import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache";
import { sh } from "./shell";

/** The one key that may log in to the lab's machines. */
export async function labKey(): Promise<{ privateKeyPath: string; publicKey: string }> {
  const folder = await cached("key", "ed25519", async (dir) => {
    await sh("ssh-keygen -q -t ed25519 -N '' -C lab -f id", { cwd: dir });
  });
  const privateKeyPath = join(folder, "id");
  return { privateKeyPath, publicKey: (await readFile(`${privateKeyPath}.pub`, "utf8")).trim() };
}
