// Part of a stand-in for an ostree machine: what was started there to go on for longer than one command.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Leaders of the sessions that still run; `folder` is the machine's own, and stands in their environment. */
export function sessionsOf(folder: string): number[] {
  const list = join(folder, "sessions");
  const pids = existsSync(list) ? readFileSync(list, "utf8").split("\n").filter(Boolean).map(Number) : [];
  return pids.filter((pid) => isOurs(pid, folder));
}

export function endSessions(folder: string): void {
  for (const pid of sessionsOf(folder)) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

/** A number may be somebody else's by now. */
function isOurs(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
  } catch {
    return false;
  }
}
