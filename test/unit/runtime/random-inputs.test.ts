import { specOf } from "../../../provider/nixos/spec";
import { hasUnknowns, parseInputs, type Inputs } from "../../../provider/runtime/inputs";
import { nixosHost } from "../../../provider/runtime/nixos-host";
import { nixosKind } from "../../../provider/runtime/nixos-kind";
import { Files } from "./bad-input/files";
import { everyGoodInput } from "./every-field";
import { RandomTrees } from "./random-trees";

jest.setTimeout(120_000);

/** `SEED=7 npx jest …` runs the trees of an earlier run again. */
const seed = Number(process.env["SEED"] ?? Date.now() % 1e9);
const trees = 1200;
const longestReason = 8000;

const planted = "s3cret-that-nobody-may-read";
const files = new Files();
afterAll(() => files.remove());
const secrets = [
  planted,
  "open sesame",
  "hunter22",
  ...files.ed25519.split("\n").filter((line) => line.length > 40),
];

/** What no reason may be; one expectation for each tree, because there are thousands of them. */
function isUnfit(reason: string): boolean {
  return (
    !/^\S[^\0]* \S/.test(reason) ||
    reason.length > longestReason ||
    /\n\s+at |Error:|\.ts:\d|\[object|undefined/.test(reason) ||
    secrets.some((secret) => reason.includes(secret))
  );
}

async function reasonsOf(news: Inputs): Promise<string[]> {
  const { inputs, failures } = await nixosHost.check({}, news);
  const reasons = failures.map(({ reason }) => reason);
  const named = failures.some(({ property }) => property !== "");
  expect([inputs === news, named, reasons.length > 21, reasons.filter(isUnfit)]).toEqual([
    true,
    false,
    false,
    [],
  ]);
  return reasons;
}

test(`no random tree passes, crashes, or is answered by what may not be told (seed ${seed})`, async () => {
  const random = new RandomTrees(seed, [planted]);
  for (let count = 0; count < trees; count++) {
    const news = random.object();
    // Almost all of them have no connection, and say so.
    if ((await reasonsOf(news)).length === 0) expect(hasUnknowns(news)).toBe(true);
  }
});

test(`a few changes to good inputs are refused in words, or can be worked with (seed ${seed})`, async () => {
  const random = new RandomTrees(seed, []);
  const variants = everyGoodInput(files);
  let [refused, passed] = [0, 0];
  for (let count = 0; count < trees; count++) {
    const news = random.mutation(variants[count % variants.length] ?? {});
    const isRefused = (await reasonsOf(news)).length > 0;
    if (isRefused) refused++;
    if (isRefused || hasUnknowns(news)) continue;
    passed++;
    specOf(parseInputs(nixosKind, news));
  }
  expect(refused).toBeGreaterThan(trees / 4);
  expect(passed).toBeGreaterThan(0);
});

describe("what is large or deep is answered soon, and in few words", () => {
  const nested = (depth: number): unknown => {
    let tree: unknown = "x";
    for (let level = 0; level < depth; level++) tree = level % 2 ? [tree] : { inner: tree };
    return tree;
  };
  const long = "x".repeat(5_000_000);
  test.each<[string, object]>([
    ["deep", { connection: nested(100_000), system: nested(100_000), deeper: nested(100_000) }],
    ["a long name", { machine: long, system: { flake: long }, connection: { host: long, hostKey: long } }],
    ["a long path", { connection: { host: "h", hostKey: "accept-new", privateKeyPath: long } }],
    ["a long key", { install: { extraFiles: { [`/${long}`]: { content: 1 } }, [long]: 1 }, [long]: 1 }],
    ["many disks", { install: { disks: Array.from({ length: 100_000 }, () => ({ devise: 1 })) } }],
    ["many keys", Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 1]))],
    ["a long message of Nix", { __evaluationError: `error: ${long}` }],
  ])("%s", async (_, more) => {
    const reasons = await reasonsOf({ ...files.goodInputs(), ...more });
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.join("\n").length).toBeLessThan(13_000);
  });
});
