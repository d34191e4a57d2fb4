import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { isProcessAlive } from "../core/process-alive";

/**
 * What has arrived of a download. Whoever writes to it owns it by its name, `<hash>.<pid>.partial`; given back it is
 * `<hash>.partial`. A rename has one winner, so two processes never write to one file.
 */
export class Partial {
  private constructor(
    readonly path: string,
    private readonly free: string,
  ) {}

  /** Goes on with what an earlier attempt left, also one that was killed. */
  static async claim(folder: string, sha256: string): Promise<Partial> {
    const partial = new Partial(
      join(folder, `${sha256}.${process.pid}.partial`),
      join(folder, `${sha256}.partial`),
    );
    for (const name of await readdir(folder)) {
      const owner = new RegExp(`^${sha256}(?:\\.(\\d+))?\\.partial$`).exec(name);
      if (owner === null || (owner[1] !== undefined && isProcessAlive(Number(owner[1])))) continue;
      const taken = await rename(join(folder, name), partial.path).catch(() => "taken by another process");
      if (taken === undefined) break;
    }
    return partial;
  }

  async size(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0;
  }

  /** Kept for the next attempt. */
  async giveBack(): Promise<void> {
    await rename(this.path, this.free).catch(() => undefined);
  }
}
