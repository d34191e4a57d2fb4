const politeMs = 5_000;

/** The groups that run now. They are sessions of their own, so nobody else ends them when this process goes. */
const running = new Set<number>();
process.once("exit", () => running.forEach((pid) => signalGroup(pid, "SIGTERM")));

/** Of a child that was started as a group of its own. */
export function groupRuns(pid: number | undefined): void {
  if (pid !== undefined) running.add(pid);
}

export function groupEnded(pid: number | undefined): void {
  if (pid !== undefined) running.delete(pid);
}

/** The polite way first. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  setTimeout(() => {
    signalGroup(pid, "SIGKILL");
    running.delete(pid);
  }, politeMs).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
