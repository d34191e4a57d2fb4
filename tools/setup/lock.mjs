import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cache } from "./paths.mjs";
import { say } from "./say.mjs";

const heartbeat = 5_000;
const forgottenAfter = 30_000;

/** Two commands started at once do one piece of work once: the second waits and then finds it done. */
export async function withLock(name, work) {
  const folder = join(cache, "locks", name);
  await take(folder, name);
  const beat = setInterval(() => touch(folder), heartbeat);
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off("exit", release);
    release();
  }
}

async function take(folder, name) {
  mkdirSync(join(cache, "locks"), { recursive: true });
  for (let waited = false; !tryToMake(folder); waited = true) {
    if (!waited) say(`another set-up is at work on ${name}, waiting for it …`);
    if (isForgotten(folder)) discard(folder);
    else await pause(500);
  }
}

function tryToMake(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

// A killed set-up leaves its lock behind; its heartbeat is what tells it from a slow one.
function isForgotten(folder) {
  try {
    return Date.now() - statSync(folder).mtimeMs > forgottenAfter;
  } catch {
    return false;
  }
}

// By rename, so that of two waiters only one takes the old lock away.
function discard(folder) {
  const away = `${folder}.${process.pid}.old`;
  try {
    renameSync(folder, away);
    rmSync(away, { recursive: true, force: true });
  } catch {
    // Somebody else was quicker.
  }
}

function touch(folder) {
  try {
    utimesSync(folder, new Date(), new Date());
  } catch {
    // The cache was cleared under our feet; the work itself will say so.
  }
}
