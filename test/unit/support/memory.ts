import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const MB = 1_000_000;

/**
 * Fails as soon as `work` keeps more alive than `mostMB`. What the collector has not swept yet does not count: how much
 * that is depends on the machine. With both ends of a connection in this process it is the sum of both.
 */
export async function keepsBelow<T>(mostMB: number, work: () => Promise<T>): Promise<T> {
  const before = kept();
  let look: NodeJS.Timeout | undefined;
  const tooMuch = new Promise<never>((_, reject) => {
    const measure = (): void => {
      const start = performance.now();
      const grown = (kept() - before) / MB;
      if (grown > mostMB) return reject(new Error(`kept ${Math.round(grown)} MB alive, at most ${mostMB}`));
      // A collection stops everything: at most a tenth of the time goes into them, on a slow machine, too.
      look = setTimeout(measure, Math.max(100, 10 * (performance.now() - start)));
    };
    look = setTimeout(measure, 100);
  });
  try {
    return await Promise.race([work(), tooMuch]);
  } finally {
    clearTimeout(look);
  }
}

function kept(): number {
  // The first one leaves the buffers that it found dead to the second one.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
