import { createWriteStream, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { run } from "./process.mjs";

const releases = "https://get.pulumi.com/releases/sdk";
const answersWithin = 5_000;
const completeWithin = 10 * 60_000;

/** Puts `programs` of the official release into `folder`, and answers where they came from. */
export async function downloadPulumi(version, folder, programs, from = releases) {
  const address = `${from}/pulumi-v${version}-${process.platform}-${process.arch}.tar.gz`;
  // In a folder of its own: the archive's top folder is called "pulumi", like the program.
  const unpacked = join(folder, "release");
  try {
    mkdirSync(unpacked);
    await save(address, join(unpacked, "archive.tar.gz"));
    await run("tar", ["-xzf", "archive.tar.gz"], { cwd: unpacked });
    for (const program of programs) renameSync(join(unpacked, "pulumi", program), join(folder, program));
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  return address;
}

async function save(address, file) {
  const abort = new AbortController();
  const deadline = (ms, what) =>
    setTimeout(() => abort.abort(new Error(`${what} within ${ms / 1000} s`)), ms);
  const answer = deadline(answersWithin, "no answer");
  const whole = deadline(completeWithin, "not complete");
  try {
    const response = await fetch(address, { signal: abort.signal });
    clearTimeout(answer);
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file), { signal: abort.signal });
  } catch (error) {
    throw new Error(abort.signal.reason?.message ?? error.cause?.message ?? error.message);
  } finally {
    clearTimeout(answer);
    clearTimeout(whole);
  }
}
