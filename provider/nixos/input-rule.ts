import type { NixosHostInputs } from "./schema";

/** What depends on more than one property. */
export interface InputRule {
  /** The property that is named. */
  path: string;
  /** All that is looked at: the rule is asked only when this is known, and right by itself. */
  reads: readonly string[];
  /** What is wrong, told after the path. */
  problem(inputs: NixosHostInputs): string | undefined;
}
