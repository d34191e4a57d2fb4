import type { z } from "zod";
import { shortened, unknown, valueAt, withoutProvider, type Inputs, type Path } from "./inputs";
import type { KindOf } from "./kind";
import { knownKeys } from "./known-keys";
import { nearestKey } from "./nearest-key";

export interface Problem {
  path: Path;
  /** Told after the path. Never holds a value: it may be a secret. */
  text: string;
  kind?: "missing" | "unknown key" | "whole";
  /** The known key that an unknown one was meant to be. */
  meant?: string | undefined;
}

type Shaped = KindOf<"schema" | "declaredShape">;
type Issue = z.core.$ZodIssue;

/** More are not looked for: nobody reads them, and each takes time. */
export const mostShapeProblems = 500;

/** Each is compared with all that are known. */
const mostUnknownKeys = 20;

/** What is wrong with each value by itself. What is still unknown is right until it is known. */
export function shapeProblems(kind: Shaped, inputs: Inputs): Problem[] {
  const parsed = withoutThrowing(() => kind.schema.safeParse(withoutProvider(inputs)));
  if (parsed === undefined)
    return [{ path: [], text: "must be plain values: something in them has an impossible length" }];
  if (parsed.success) return [];
  const problems: Problem[] = [];
  for (const issue of parsed.error.issues) {
    problems.push(...problemsOf(kind, inputs, issue, []));
    if (problems.length >= mostShapeProblems) break;
  }
  return problems;
}

/** Where an object has a `length` that is one itself, its comparison throws. */
function withoutThrowing<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** What is misspelt is missing as well, and an object with a mistake in it is seldom right as a whole. */
export function withoutFollowUps(problems: readonly Problem[]): Problem[] {
  const misspelt = problems.flatMap(({ path, meant }) => (meant ? [[...path.slice(0, -1), meant]] : []));
  const holders = problems.flatMap(({ path }) => path.map((_, depth) => path.slice(0, depth)));
  const [missing, whole] = [new Set(misspelt.map(placeOf)), new Set(holders.map(placeOf))];
  return problems.filter(
    ({ kind, path }) =>
      !(kind === "missing" && missing.has(placeOf(path))) && !(kind === "whole" && whole.has(placeOf(path))),
  );
}

function problemsOf(kind: Shaped, inputs: Inputs, issue: Issue, prefix: Path): Problem[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, mostUnknownKeys).map((key) => notKnown(kind, path, key));
  }
  if (issue.code === "invalid_key") return [{ path, text: issue.issues[0]?.message ?? issue.message }];
  const value = valueAt(inputs, path);
  if (value === unknown) return [];
  if (issue.code === "invalid_union") return ofUnion(kind, inputs, issue, path);
  if (issue.code === "invalid_type") return [typeProblem(path, value, [issue.expected])];
  if (issue.code === "invalid_value") return [choiceProblem(path, value, issue.values)];
  return [{ path, text: issue.message, ...(issue.code === "custom" ? { kind: "whole" } : {}) }];
}

/** The alternative that was obviously meant is judged alone; only else all of them are named. */
function ofUnion(kind: Shaped, inputs: Inputs, issue: z.core.$ZodIssueInvalidUnion, path: Path): Problem[] {
  const value = valueAt(inputs, path);
  const branches = issue.errors as Issue[][];
  const ofThisKind = branches.filter((issues) => !issues.some(isOfAnotherKind));
  if (ofThisKind.length === 0) {
    const expected = branches.flat().flatMap((each) => (each.code === "invalid_type" ? [each.expected] : []));
    if (value === undefined) return [{ path, text: `is missing: it ${issue.message}`, kind: "missing" }];
    return [typeProblem(path, value, expected)];
  }
  const known = ofThisKind.map((issues) => keysOf(value).length - unknownKeys(issues).length);
  const meant = ofThisKind.filter((_, index) => known[index] !== 0);
  if (ofThisKind.length === 1 || meant.length === 1) {
    const branch = (ofThisKind.length === 1 ? ofThisKind : meant)[0] ?? [];
    return branch.flatMap((each) => problemsOf(kind, inputs, each, path));
  }
  if (meant.length > 1 || keysOf(value).length === 0) return [{ path, text: issue.message }];
  return keysOf(value)
    .slice(0, mostUnknownKeys)
    .map((key) => notKnown(kind, path, key));
}

function isOfAnotherKind({ path, code }: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

function unknownKeys(issues: readonly Issue[]): string[] {
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [],
  );
}

function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function notKnown(kind: Shaped, path: Path, key: string): Problem {
  const known = knownKeys(kind, path);
  const meant = nearestKey(key, known);
  const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${meant}?`;
  return { path: [...path, key], text: `is not a known property; ${hint}`, kind: "unknown key", meant };
}

function placeOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function typeProblem(path: Path, value: unknown, expected: readonly string[]): Problem {
  const nouns = [...new Set(expected.map((type) => nounOf[type] ?? `a ${type}`))].join(" or ");
  if (value === undefined) return { path, text: `is missing (${nouns})`, kind: "missing" };
  return {
    path,
    text: `must be ${nouns}, not ${numbers.has(expected[0] ?? "") && typeof value === "number" ? value : kindOf(value)}`,
  };
}

const numbers = new Set(["int", "number"]);

function choiceProblem(path: Path, value: unknown, choices: readonly unknown[]): Problem {
  const all = choices.map((choice) => JSON.stringify(choice)).join(", ");
  if (value === undefined) return { path, text: `is missing (one of ${all})`, kind: "missing" };
  if (typeof value !== "string") return { path, text: `must be one of ${all}, not ${kindOf(value)}` };
  const meant = nearestKey(shortened(value, 80), choices.map(String));
  return { path, text: `must be one of ${all}${meant === undefined ? "" : `; did you mean "${meant}"?`}` };
}

const nounOf: Record<string, string> = {
  int: "a whole number",
  array: "an array",
  object: "an object",
  record: "an object",
};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
