import { createWriteStream, renameSync, rmSync } from "node:fs";
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
  const archive = join(folder, "release.tar.gz");
  const unpacked = "pulumi";
  try {
    await save(address, archive);
    await run("tar", ["-xzf", archive, "-C", folder]);
    renameSync(join(folder, unpacked), join(folder, "release"));
    for (const program of programs) renameSync(join(folder, "release", program), join(folder, program));
  } finally {
    rmSync(archive, { force: true });
    for (const rest of [unpacked, "release"]) rmSync(join(folder, rest), { recursive: true, force: true });
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
