import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "./errors";

export { sleep };

/** Rejects when `work` takes longer. The work itself must notice by its own (closed connection, ended process). */
export async function within<T>(seconds: number, what: string, work: Promise<T>, next?: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).then((): never => {
    throw new HostError("deadline-exceeded", {
      what: `${what} did not end within ${seconds} s`,
      ...(next ? { next } : {}),
    });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}

/** Seconds since a start, for progress and for figures. */
export class Stopwatch {
  private readonly start = performance.now();
  seconds(): number {
    return (performance.now() - this.start) / 1000;
  }
}
