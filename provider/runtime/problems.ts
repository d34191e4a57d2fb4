import type { InputRule } from "../core/input-rule";
import { filesProblems } from "./local-files";
import {
  hasUnknowns,
  liesInUnknown,
  pathText,
  shortened,
  unknown,
  valueAt,
  type Inputs,
  type Path,
} from "./inputs";
import type { Kind, KindOf, Secretive } from "./kind";
import { secretsOf, withoutSecrets } from "./secrets";
import { mostShapeProblems, shapeProblems, withoutFollowUps, type Problem } from "./shape-problems";

const mostProblems = 20;
const mostCharacters = 600;
const mostCharactersOfConstructor = 8000;

/** All that is wrong with inputs alone, each naming its property. */
export function inputProblems(kind: Kind, inputs: Inputs): string[] {
  return inWords(kind, problemsWithin(kind, inputs, kind.rules), inputs);
}

/** The same with what a new resource needs, and with the files on this machine that were not declared before. */
export async function problemsOfChange(kind: Kind, olds: Inputs, news: Inputs): Promise<string[]> {
  const told = kind.told && news[kind.told.key];
  // Where what it depends on is not known yet, it is not known either.
  if (kind.told && typeof told === "string" && told !== "" && told !== unknown) {
    const words = withoutSecrets(kind.told.inWords(told, news), secretsOf(kind, news));
    const shapes = problemsWithin(kind, news, []);
    return [...inWords(kind, shapes, news), shortened(words, mostCharactersOfConstructor)];
  }
  const isNew = Object.keys(olds).length === 0;
  const problems = problemsWithin(kind, news, isNew ? [...kind.rules, ...kind.rulesForNew] : kind.rules);
  return inWords(kind, problems.length > 0 ? problems : await filesProblems(kind, olds, news), news);
}

function problemsWithin(kind: Kind, inputs: Inputs, rules: readonly InputRule<unknown>[]): Problem[] {
  const wrong = shapeProblems(kind, inputs);
  if (wrong.length >= mostShapeProblems) return oneForEach(withoutFollowUps(wrong));
  const broken = rules
    .filter((rule) => rule.reads.every((path) => isSettled(inputs, path.split("."), wrong)))
    .flatMap((rule) => {
      const text = rule.problem(inputs);
      return text === undefined ? [] : [{ path: rule.path.split("."), text }];
    });
  return oneForEach([...withoutFollowUps(wrong), ...broken]);
}

/** A property that is wrong in two ways is told the first one. */
function oneForEach(problems: readonly Problem[]): Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const name = pathText(problem.path);
    if (!first.has(name)) first.set(name, problem);
  }
  return [...first.values()];
}

/** Known, and of the shape that a rule may rely on. */
function isSettled(inputs: Inputs, path: Path, wrong: readonly Problem[]): boolean {
  if (liesInUnknown(inputs, path) || hasUnknowns(valueAt(inputs, path))) return false;
  return wrong.every(
    (problem) =>
      problem.kind === "unknown key" ||
      !problem.path.slice(0, path.length).every((key, depth) => String(key) === path[depth]),
  );
}

function inWords(
  kind: Secretive & KindOf<"writtenAs">,
  problems: readonly Problem[],
  inputs: Inputs,
): string[] {
  const secrets = secretsOf(kind, inputs);
  const words = problems.slice(0, mostProblems).map(({ path, text }) => {
    const place = pathText(path);
    return shortened(
      withoutSecrets(`${kind.writtenAs?.get(place) ?? place} ${text}`, secrets),
      mostCharacters,
    );
  });
  return problems.length > words.length ? [...words, "and more problems of this kind"] : words;
}
