import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast, cache, firstOnPath, isExecutable, unfinished } from "./paths.mjs";
import { run } from "./process.mjs";
import { withLock } from "./lock.mjs";
import { say, step } from "./say.mjs";

const wanted = "22.12";
const fetched = "22.23.3";

/** From here on `node` on PATH can require() an ES module: the machine's own, or one in the cache. */
export async function ensureNode() {
  if (atLeast(process.versions.node, wanted)) return;
  const folder = join(cache, `node-${fetched}-${process.platform}-${process.arch}`);
  if (!isExecutable(join(folder, "node"))) await withLock("node", () => fetch(folder));
  firstOnPath(folder);
}

// The npm package `node` gets its binary in an install script, which npm does not always run;
// the platform packages behind it carry the binary themselves.
async function fetch(folder) {
  if (isExecutable(join(folder, "node"))) return;
  const name = `node-${process.platform}-${process.arch}`;
  say(`Node ${process.versions.node} is too old (${wanted} or newer is needed)`);
  await step(`fetching Node ${fetched} (npm package ${name}) into the cache`, async () => {
    const temporary = unfinished(folder);
    const npm = [
      "install",
      "--no-save",
      "--no-package-lock",
      "--no-audit",
      "--no-fund",
      "--prefix",
      temporary,
    ];
    try {
      await run("npm", [...npm, `${name}@${fetched}`], { cwd: temporary });
      renameSync(join(temporary, "node_modules", name, "bin"), folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}
