import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { passThrough } from "./setup/process.mjs";
import { elapsed, say } from "./setup/say.mjs";
import { keepTimes } from "./test-times.mjs";

const minute = 60_000;

const suites = {
  // A machine that is busy with other things may take ten times as long as a free one.
  unit: { testTimeout: 2 * minute, workers: "100%" },
  // Its tests mostly wait for each other's machines: more of them at once than there are processors.
  contract: { testTimeout: 3 * minute, workers: 4 },
  package: { testTimeout: 20 * minute, workers: 1, verbose: true },
  // A VM has one processor and often waits for time to pass: two of them leave half of two processors idle.
  e2e: { testTimeout: 20 * minute, workers: 3, verbose: true },
};

/** `--write-times` keeps how long each test took in docs/testing.md. */
const writeTimes = "--write-times";

export const testSuite = (suite) => async (args) => {
  if (!args.includes(writeTimes)) return jest(suite, args);
  const rest = args.filter((arg) => arg !== writeTimes);
  return withFolder(async (folder) => {
    const resultFile = join(folder, "result.json");
    const code = await jest(suite, [...rest, "--json", `--outputFile=${resultFile}`]);
    if (code === 0) keepTimes(resultFile);
    else say("the times were not kept: a run that failed says nothing about them");
    return code;
  });
};

/** All suites, each to its end, and one closing summary over all of them. */
export async function test(args) {
  return withFolder(async (folder) => {
    const outcomes = [];
    for (const suite of Object.keys(suites))
      outcomes.push(await runSuite(suite, args, join(folder, `${suite}.json`)));
    return summarise(outcomes);
  });
}

async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-immutable-os-test-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runSuite(suite, args, resultFile) {
  const start = Date.now();
  const code = await jest(suite, [...args, "--json", `--outputFile=${resultFile}`]);
  return { suite, code, time: elapsed(start), ...readResult(resultFile) };
}

function jest(suite, args) {
  const { testTimeout, workers, verbose } = suites[suite];
  const detail = verbose ? ["--verbose"] : [];
  const atOnce = workers === 1 ? "--runInBand" : `--maxWorkers=${workers}`;
  // A test that failed half way may leave a socket open; the run must end all the same.
  const manner = [`--testTimeout=${testTimeout}`, "--forceExit", ...detail, atOnce];
  return passThrough("node", [
    "node_modules/jest/bin/jest.js",
    "--selectProjects",
    suite,
    ...manner,
    ...args,
  ]);
}

function readResult(file) {
  try {
    const result = JSON.parse(readFileSync(file, "utf8"));
    // A file that does not even load has no failed test in it, but it is a failure all the same.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    const skipped = result.numPendingTests + result.numTodoTests;
    return { passed: result.numPassedTests, failed, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function summarise(outcomes) {
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log("\nsuite      passed  failed  skipped  time");
  for (const { suite, passed, failed, skipped, time } of outcomes) {
    const figures = [passed, failed, skipped].map((figure, index) =>
      String(figure).padStart([7, 8, 9][index]),
    );
    console.log(`${suite.padEnd(10)}${figures.join("")}  ${time}`);
  }
  for (const { suite } of outcomes.filter(({ passed, failed }) => passed + failed === 0)) {
    console.log(`${suite}: no test ran, which counts as a failure`);
  }
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  return outcomes.every(({ code, passed, failed }) => code === 0 && passed > 0 && failed === 0) ? 0 : 1;
}
