import { HostError } from "../core/errors";

/** What a machine must be and is not. */
export interface Problem {
  expected: string;
  seen: string;
}

/** Rows of: is it so, what is needed, what was seen. */
export function problemsIn(table: readonly (readonly [boolean, string, string])[]): Problem[] {
  return table.flatMap(([fine, expected, seen]) => (fine ? [] : [{ expected, seen }]));
}

/** `what`: the sentence before them, which also says that nothing was changed. */
export function refuse(
  problems: readonly Problem[],
  what: string,
  next = "correct what is named, then run pulumi up again",
): void {
  if (problems.length === 0) return;
  throw new HostError("preflight-refused", {
    what,
    expected: problems.map((problem) => problem.expected).join("; "),
    seen: problems.map((problem) => problem.seen).join("; "),
    next,
  });
}
