import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, sha256 } from "./paths.mjs";
import { run } from "./process.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./say.mjs";

const dist = join(root, "dist");
const stamp = join(root, "node_modules", ".cache", "pulumi-immutable-os", "dist.sha256");

/** Compiles provider/ to dist/ when something in it changed. */
export async function ensureDist() {
  if (!isFresh()) await withLock(`dist-${sha256(root).slice(0, 12)}`, compile);
}

async function compile() {
  if (isFresh()) return;
  await step("compiling provider/ to dist/", async () => {
    const sources = sourcesHash();
    const next = join(root, `dist.${process.pid}.tmp`);
    const last = join(root, `dist.${process.pid}.old`);
    try {
      await run("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", next]);
      // A whole folder takes the old one's place: nothing of a deleted source stays behind.
      if (existsSync(dist)) renameSync(dist, last);
      renameSync(next, dist);
    } finally {
      rmSync(next, { recursive: true, force: true });
      rmSync(last, { recursive: true, force: true });
    }
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, sources);
  });
}

function isFresh() {
  return (
    existsSync(join(dist, "index.js")) && existsSync(stamp) && readFileSync(stamp, "utf8") === sourcesHash()
  );
}

function sourcesHash() {
  const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) =>
    join(root, name),
  );
  const files = [...settings, ...filesBelow(join(root, "provider")).sort()];
  return sha256(...files.flatMap((file) => [file, readFileSync(file)]));
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
