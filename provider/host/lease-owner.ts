import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname, userInfo } from "node:os";

/** Which process holds a lease, so that its own machine can tell whether it still lives. */
export interface LeaseOwner {
  /** For people: user@machine. */
  holder: string;
  pid: number;
  /** When the process began, in the kernel's ticks: a pid is used again. */
  started: string;
  /** This boot of this machine (and its pid namespace); empty where that cannot be told. */
  client: string;
}

export function thisProcess(): Promise<LeaseOwner> {
  return (me ??= describeProcess());
}

let me: Promise<LeaseOwner> | undefined;

async function describeProcess(): Promise<LeaseOwner> {
  const { pid } = process;
  const holder = `${userName()}@${hostname()}`;
  return { holder, pid, started: await startOf(pid), client: await thisClient() };
}

/** Runs of this very process that have not ended. */
const running = new Set<string>();

export function runBegins(run: string): void {
  running.add(run);
}

export function runEnds(run: string): void {
  running.delete(run);
}

/** Certainly over: only this machine can know that, and only of its own processes. */
export async function isOver({ client, pid, started }: LeaseOwner, run: string): Promise<boolean> {
  const here = await thisProcess();
  if (here.client === "" || here.client !== client) return false;
  if (here.pid === pid && here.started === started) return !running.has(run);
  return (await startOf(pid)) !== started;
}

async function thisClient(): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const place = [hostname(), boot.trim(), await readlink("/proc/self/ns/pid")];
    return createHash("sha256").update(JSON.stringify(place)).digest("hex").slice(0, 16);
  } catch {
    return "";
  }
}

/** The 22nd field of /proc/<pid>/stat; empty: there is no such process. The name in it may hold anything. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return String(process.getuid?.() ?? "somebody");
  }
}
