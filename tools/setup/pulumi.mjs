import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPulumi } from "./pulumi-build.mjs";
import { downloadPulumi } from "./pulumi-download.mjs";
import { atLeast, cache, firstOnPath, isExecutable, onPath, root, sha256, unfinished } from "./paths.mjs";
import { attempt, SetupError } from "./process.mjs";
import { withLock } from "./lock.mjs";
import { say, step } from "./say.mjs";

const version = "3.250.0";
const programs = ["pulumi", "pulumi-language-nodejs"];
// The engine starts dynamic providers through this script; it ships with the npm package of the SDK.
const pluginScript = "pulumi-resource-pulumi-nodejs";

/** From here on `pulumi` on PATH is new enough and finds its language host: the machine's own, or one in the cache. */
export async function ensurePulumi() {
  if (await ownIsGood()) return;
  const folder = join(cache, `pulumi-${version}-${recipe().slice(0, 12)}`);
  if (!isComplete(folder)) await withLock("pulumi", () => provide(folder));
  firstOnPath(folder);
}

async function ownIsGood() {
  const own = onPath("pulumi");
  if (!own || ![...programs, pluginScript].every((name) => onPath(name))) return false;
  const { code, output } = await attempt(own, ["version"], { env: quietly() });
  return code === 0 && atLeast(output.trim(), version);
}

function recipe() {
  const modules = ["pulumi-cli", "pulumi-language-nodejs"];
  const files = modules.flatMap((name) =>
    ["go.mod", "go.sum"].map((file) => join(root, "tools", name, file)),
  );
  return sha256(process.platform, process.arch, ...files.map((file) => readFileSync(file)));
}

async function provide(folder) {
  if (isComplete(folder)) return;
  say(`no Pulumi CLI >= ${version} with its Node.js language host on PATH`);
  const temporary = unfinished(folder);
  try {
    const origin = (await downloaded(temporary)) ?? (await built(temporary));
    copyFileSync(
      join(root, "node_modules", "@pulumi", "pulumi", pluginScript),
      join(temporary, pluginScript),
    );
    writeFileSync(join(temporary, "ORIGIN"), `${origin}\n`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function downloaded(folder) {
  try {
    const address = await step(`downloading the Pulumi CLI ${version}`, async () => {
      const from = await downloadPulumi(version, folder, programs);
      await proveItRuns(folder);
      return from;
    });
    return `downloaded from ${address}`;
  } catch (error) {
    say(`that did not work (${error.message}); building it from its Go modules instead`);
    return undefined;
  }
}

async function built(folder) {
  await buildPulumi(version, folder);
  await proveItRuns(folder);
  return "built from the Go modules in tools/";
}

async function proveItRuns(folder) {
  const { code, output } = await attempt(join(folder, "pulumi"), ["version"], { env: quietly() });
  if (code !== 0 || !atLeast(output.trim(), version)) {
    throw new SetupError(`The Pulumi CLI just provided does not run here:\n${output}`);
  }
}

function isComplete(folder) {
  return [...programs, pluginScript].every((name) => isExecutable(join(folder, name)));
}

// `pulumi version` would otherwise look for a newer one, and write into the user's own Pulumi folder.
function quietly() {
  return { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
}
