// The one entrance of every npm script: provides what the command needs, then runs it. No npm modules are needed
// to start it, and Node 18 is enough.
import { lint } from "./lint.mjs";
import { test, testSuite } from "./test.mjs";
import { ensureDebianPackages } from "./setup/debian-packages.mjs";
import { ensureDist } from "./setup/build.mjs";
import { ensureModules } from "./setup/modules.mjs";
import { ensureNode } from "./setup/node.mjs";
import { passThrough, SetupError } from "./setup/process.mjs";
import { ensurePulumi } from "./setup/pulumi.mjs";
import { say } from "./setup/say.mjs";

const code = [ensureNode, ensureModules];
const built = [...code, ensureDist];
const engine = [...code, ensurePulumi, ensureDist];
const lab = [ensureDebianPackages, ...engine];

const typescript = (file) => (args) => passThrough("node", ["--import", "tsx", file, ...args]);

const commands = {
  demo: { needs: lab, run: typescript("test/lab/demo.ts") },
  "demo:fcos": { needs: lab, run: typescript("test/lab/fcos/demo.ts") },
  bench: { needs: lab, run: typescript("test/bench/bench.ts") },
  test: { needs: lab, run: test },
  "test:unit": { needs: code, run: testSuite("unit") },
  "test:contract": { needs: built, run: testSuite("contract") },
  "test:package": { needs: lab, run: testSuite("package") },
  "test:e2e": { needs: lab, run: testSuite("e2e") },
  // The examples are judged as a user's program is: against the types of the compiled package.
  lint: { needs: built, run: lint },
  build: { needs: built, run: () => 0 },
  // For looking around: `node tools/run.mjs exec pulumi version`, `node tools/run.mjs exec bash`.
  exec: { needs: engine, run: ([command, ...args]) => passThrough(command, args, { cwd: process.cwd() }) },
};

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command || (name === "exec" && args.length === 0)) {
  say(`usage: node tools/run.mjs ${Object.keys(commands).join("|")} [arguments]`);
  process.exit(2);
}

try {
  for (const ensure of command.needs) await ensure();
  process.exitCode = await command.run(args);
} catch (error) {
  say(error instanceof SetupError ? error.message : error.stack);
  process.exitCode = 1;
}
