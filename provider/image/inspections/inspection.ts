import type { Evidence, Wanted } from "../evidence";
import type { BaseFacts, InspectionResult } from "../types";

/** One question to a finished image. Its answer depends on what was seen, and on nothing else. */
export interface Inspection {
  /** Stands in outputs and in errors: it never changes. */
  name: string;
  inspect: (evidence: Evidence, base: BaseFacts, wanted: Wanted) => Verdict;
}

export type Verdict =
  | { verdict: "ok"; seen: string }
  | { verdict: "failed"; seen: string; expected: string; fix: string }
  | { verdict: "unchecked"; seen: string };

export function ok(seen: string): Verdict {
  return { verdict: "ok", seen };
}

export function unchecked(why: string): Verdict {
  return { verdict: "unchecked", seen: why };
}

export function failed(expected: string, seen: string, fix: string): Verdict {
  return { verdict: "failed", expected, seen, fix };
}

export function resultOf({ name }: Inspection, verdict: Verdict): InspectionResult {
  return { name, ...verdict };
}

/** A few of many, for one line. */
export function some(names: readonly string[], most = 6): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
