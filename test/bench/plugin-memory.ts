import { readdir, readFile } from "node:fs/promises";
import { sleep } from "../lab/shell";

/** Watches the dynamic provider's process of one stack; its own high-water mark (VmHWM) is the figure. */
export function watchPlugin(stackFolder: string): { stop(): Promise<number> } {
  let running = true;
  let peakKiB = 0;
  const watching = (async () => {
    while (running) {
      for (const pid of await pluginsOf(stackFolder)) peakKiB = Math.max(peakKiB, await highWaterMark(pid));
      await sleep(0.5);
    }
  })();
  return {
    stop: async () => {
      running = false;
      await watching;
      if (peakKiB === 0) throw new Error("the plugin's process was not seen");
      return peakKiB * 1024;
    },
  };
}

/** The dynamic providers of one stack, by their pids. */
export async function pluginsOf(stackFolder: string): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const isOurs = async (pid: string): Promise<boolean> =>
    (await read(pid, "cmdline")).includes("dynamic-provider") &&
    (await read(pid, "environ")).includes(`PULUMI_HOME=${stackFolder}/`);
  const ours = await Promise.all(processes.map(isOurs));
  return processes.filter((_pid, index) => ours[index]);
}

async function highWaterMark(pid: string): Promise<number> {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(await read(pid, "status"))?.[1] ?? 0);
}

/** Empty when the process has ended meanwhile. */
function read(pid: string, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
