import { isDeepStrictEqual } from "node:util";
import { hasUnknowns, valueAt, type Inputs, type Path } from "./inputs";
import { fileProblem, isFolder } from "./local-file";
import type { KindOf, Look } from "./kind";
import { hostKeyProblem, loginProblem, type KeyProblem } from "./local-keys";
import type { Problem } from "./shape-problems";

/**
 * What can be seen on the machine where Pulumi runs, without a connection. Files that were declared before are left
 * alone: an installed machine does not need its installer any more.
 */
export async function filesProblems(kind: KindOf<"looksAt">, olds: Inputs, news: Inputs): Promise<Problem[]> {
  const known = kind
    .looksAt(news)
    .filter(({ reads }) => reads.every((path) => !hasUnknowns(valueAt(news, path))));
  const anew = known.filter(({ reads }) =>
    reads.some((path) => !isDeepStrictEqual(valueAt(olds, path), valueAt(news, path))),
  );
  const problems = await Promise.all(
    anew.map(async ({ path, problem }) => problemAt(path, await problem(valueAt(news, path)))),
  );
  return problems.flat();
}

function problemAt(path: Path, found: string | KeyProblem | undefined): Problem[] {
  if (found === undefined) return [];
  return typeof found === "string"
    ? [{ path, text: found }]
    : [{ path: [...path, found.key], text: found.text }];
}

export function file(...path: PropertyKey[]): Look {
  const problem = (written: unknown): Promise<string | undefined> =>
    typeof written === "string" ? fileProblem(written) : Promise.resolve(undefined);
  return { path, reads: [path], problem };
}

export function fileOrFolder(...path: PropertyKey[]): Look {
  const problem = async (written: unknown): Promise<string | undefined> =>
    typeof written !== "string" || (await isFolder(written)) ? undefined : fileProblem(written);
  return { path, reads: [path], problem };
}

export function hostKey(type: string): Look {
  const path = ["install", "sshHostKeys", type];
  return { path, reads: [path], problem: (source) => hostKeyProblem(type, source) };
}

export function login(dotted: string): Look {
  const path = dotted.split(".");
  const reads = ["privateKey", "privateKeyPath", "passphrase", "agent"].map((key) => [...path, key]);
  return { path, reads, problem: (value) => loginProblem(dotted, value) };
}

/** The keys of what stands at a place, if it has any. */
export function namesAt(news: Inputs, path: Path): string[] {
  const value = valueAt(news, path);
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
