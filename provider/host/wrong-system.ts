import type { Drift } from "../core/drift";
import type { Refutation } from "../core/phase";
import type { Progress } from "../core/progress";
import type { SystemFacts } from "./system-facts";

/** What a confirmation says when a two-sided key differs; undefined: none does. */
export function wrongSystem(drift: readonly Drift[], next: string): Refutation | undefined {
  if (drift.length === 0) return undefined;
  const told = (side: "declared" | "observed"): string =>
    drift.map((item) => `${item.key} ${item[side] || "nothing"}`).join("; ");
  return {
    code: "wrong-system",
    what: "the machine does not run the declared system",
    expected: told("declared"),
    seen: told("observed"),
    next,
  };
}

/** No failure: what a unit is for, the program says by a health check. */
export function tellFailedUnits({ failedUnits }: SystemFacts, progress: Progress): void {
  if (failedUnits.length > 0) progress.warning(`failed units on the host: ${failedUnits.join(", ")}`);
}
