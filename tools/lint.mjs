import { join } from "node:path";
import { root } from "./setup/paths.mjs";
import { attempt } from "./setup/process.mjs";

const tool =
  (name, ...args) =>
  () =>
    attempt(join(root, "node_modules", ".bin", name), args);

const checks = {
  "type check": tool("tsc", "--noEmit"),
  eslint: tool("eslint", ".", "--max-warnings", "0"),
  prettier: tool("prettier", "--check", "."),
  "import direction": tool("depcruise", "provider", "examples", "test"),
  knip: tool("knip"),
  publint: tool("publint", "run", "--strict"),
};

/** Runs every check, so that one run names everything there is to mend. */
export async function lint() {
  let failures = 0;
  for (const [name, check] of Object.entries(checks)) {
    const start = Date.now();
    const { code, output } = await check().catch((error) => ({ code: 1, output: error.message }));
    console.log(
      `${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(18)}${((Date.now() - start) / 1000).toFixed(1)} s`,
    );
    if (code !== 0) {
      failures++;
      console.log(output.trimEnd());
    }
  }
  console.log(failures === 0 ? "lint: all checks passed" : `lint: ${failures} checks failed`);
  return failures === 0 ? 0 : 1;
}
