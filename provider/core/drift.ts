/** A fact that differs from what was declared. */
export interface Drift {
  key: string;
  declared: string;
  observed: string;
  meaning: string;
}

/** One row of a drift table: where both sides stand, and what a difference means. */
export interface DriftCheck<Declared, Observed> {
  key: string;
  declared(declared: Declared): string | undefined;
  observed(observed: Observed): string | undefined;
  meaning: string;
}

export function findDrift<Declared, Observed>(
  checks: readonly DriftCheck<Declared, Observed>[],
  declared: Declared,
  observed: Observed,
): Drift[] {
  return checks.flatMap((check) => {
    const want = check.declared(declared);
    const have = check.observed(observed) ?? "";
    return want === undefined || want === have
      ? []
      : [{ key: check.key, declared: want, observed: have, meaning: check.meaning }];
  });
}
