import { hasUnknowns, parseInputs, type Inputs } from "../../../provider/runtime/inputs";
import type { Kind } from "../../../provider/runtime/kind";
import { problemsOfChange } from "../../../provider/runtime/problems";
import { RandomTrees } from "./random-trees";

/** `SEED=7 npx jest …` runs the trees of an earlier run again. */
const seed = Number(process.env["SEED"] ?? Date.now() % 1e9);
const trees = 600;
const planted = "s3cret-that-nobody-may-read";

interface Subject<Checked> {
  kind: Kind<Checked>;
  /** Good inputs, to be changed at a few places. */
  variants: readonly Inputs[];
  /** Secrets of these variants. */
  secrets: readonly string[];
  /** What follows on inputs that were let through: it must be able to work with them. */
  work: (checked: Checked) => void;
}

/** Declares the tests of random inputs, for one kind of resource. */
export function testRandomInputs<Checked>({ kind, variants, secrets, work }: Subject<Checked>): void {
  jest.setTimeout(120_000);

  /** What no reason may be. */
  const isUnfit = (reason: string): boolean =>
    !/^\S[^\0]* \S/.test(reason) ||
    reason.length > 8000 ||
    /\n\s+at |Error:|\.ts:\d|\[object|undefined/.test(reason) ||
    [planted, ...secrets].some((secret) => reason.includes(secret));

  const reasonsOf = async (news: Inputs): Promise<string[]> => {
    const reasons = await problemsOfChange(kind, {}, news);
    expect(reasons.filter(isUnfit)).toEqual([]);
    return reasons;
  };

  test(`no random tree passes, crashes, or is answered by what may not be told (seed ${seed})`, async () => {
    const random = new RandomTrees(seed, [planted]);
    for (let count = 0; count < trees; count++) {
      const news = random.object();
      if ((await reasonsOf(news)).length === 0) expect(hasUnknowns(news)).toBe(true);
    }
  });

  test(`a few changes to good inputs are refused in words, or can be worked with (seed ${seed})`, async () => {
    const random = new RandomTrees(seed, []);
    let [refused, passed] = [0, 0];
    for (let count = 0; count < trees; count++) {
      const news = random.mutation(variants[count % variants.length] ?? {});
      const isRefused = (await reasonsOf(news)).length > 0;
      if (isRefused) refused++;
      if (isRefused || hasUnknowns(news)) continue;
      passed++;
      work(parseInputs(kind, news));
    }
    expect(refused).toBeGreaterThan(trees / 4);
    expect(passed).toBeGreaterThan(0);
  });
}
