import type { InputRule } from "../nixos/input-rule";
import { inputRules, rulesForNew } from "../nixos/input-rules";
import { filesProblems } from "./local-files";
import { hasUnknowns, liesInUnknown, pathText, shortened, valueAt, type Inputs, type Path } from "./inputs";
import { secretsOf, withoutSecrets } from "./secrets";
import { mostShapeProblems, shapeProblems, withoutFollowUps, type Problem } from "./shape-problems";
import type { NixosHostInputs } from "../nixos/schema";

const mostProblems = 20;
const mostCharacters = 600;
const mostCharactersOfNix = 8000;

/** All that is wrong with inputs alone, each naming its property. */
export function inputProblems(inputs: Inputs): string[] {
  return inWords(problemsWithin(inputs, inputRules), inputs);
}

/** The same with what an install needs, and with the files on this machine that were not declared before. */
export async function problemsOfChange(olds: Inputs, news: Inputs): Promise<string[]> {
  const evaluation = news["__evaluationError"];
  if (typeof evaluation === "string" && evaluation !== "") return [evaluationProblem(evaluation, news)];
  const isNew = Object.keys(olds).length === 0;
  const problems = problemsWithin(news, isNew ? [...inputRules, ...rulesForNew] : inputRules);
  return inWords(problems.length > 0 ? problems : await filesProblems(olds, news), news);
}

/** What is said where the system is evaluated; of a flake that are Nix's own words, with file and line. */
function evaluationProblem(message: string, inputs: Inputs): string {
  const property = valueAt(inputs, ["system", "toplevel"]) === undefined ? "system.flake" : "system.toplevel";
  return shortened(withoutSecrets(`${property}: ${message}`, secretsOf(inputs)), mostCharactersOfNix);
}

function problemsWithin(inputs: Inputs, rules: readonly InputRule[]): Problem[] {
  const wrong = shapeProblems(inputs);
  if (wrong.length >= mostShapeProblems) return oneForEach(withoutFollowUps(wrong));
  const broken = rules
    .filter((rule) => rule.reads.every((path) => isSettled(inputs, path.split("."), wrong)))
    .flatMap((rule) => {
      const text = rule.problem(inputs as unknown as NixosHostInputs);
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

function inWords(problems: readonly Problem[], inputs: Inputs): string[] {
  const secrets = secretsOf(inputs);
  const words = problems
    .slice(0, mostProblems)
    .map(({ path, text }) => shortened(withoutSecrets(`${pathText(path)} ${text}`, secrets), mostCharacters));
  return problems.length > words.length ? [...words, "and more problems of this kind"] : words;
}
