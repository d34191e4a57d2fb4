import { isDeepStrictEqual } from "node:util";
import { logins } from "../nixos/login-rules";
import { hasUnknowns, valueAt, type Inputs, type Path } from "./inputs";
import { fileProblem, isFolder } from "./local-file";
import { hostKeyProblem, loginProblem, type KeyProblem } from "./local-keys";
import type { Problem } from "./shape-problems";

interface Look {
  path: Path;
  /** What the answer depends on. */
  reads: readonly Path[];
  problem: (value: unknown) => Promise<string | KeyProblem | undefined>;
}

/**
 * What can be seen on the machine where Pulumi runs, without a connection. Files that were declared before are left
 * alone: an installed machine does not need its installer any more.
 */
export async function filesProblems(olds: Inputs, news: Inputs): Promise<Problem[]> {
  const known = looksAt(news).filter(({ reads }) => reads.every((path) => !hasUnknowns(valueAt(news, path))));
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

function looksAt(news: Inputs): Look[] {
  const names = (...path: string[]): string[] => keysOf(valueAt(news, path));
  return [
    file("install", "kexec", "path"),
    ...names("install", "kexec").map((index) => file("install", "kexec", Number(index), "path")),
    ...names("install", "extraFiles").map((name) => fileOrFolder("install", "extraFiles", name, "source")),
    ...names("install", "diskEncryptionKeys").map((name) =>
      file("install", "diskEncryptionKeys", name, "source"),
    ),
    ...names("install", "sshHostKeys").map((type) => hostKey(type)),
    ...logins.map(({ path }) => login(path)),
  ];
}

function file(...path: PropertyKey[]): Look {
  const problem = (written: unknown): Promise<string | undefined> =>
    typeof written === "string" ? fileProblem(written) : Promise.resolve(undefined);
  return { path, reads: [path], problem };
}

function fileOrFolder(...path: PropertyKey[]): Look {
  const problem = async (written: unknown): Promise<string | undefined> =>
    typeof written !== "string" || (await isFolder(written)) ? undefined : fileProblem(written);
  return { path, reads: [path], problem };
}

function hostKey(type: string): Look {
  const path = ["install", "sshHostKeys", type];
  return { path, reads: [path], problem: (source) => hostKeyProblem(type, source) };
}

function login(dotted: string): Look {
  const path = dotted.split(".");
  const reads = ["privateKey", "privateKeyPath", "passphrase", "agent"].map((key) => [...path, key]);
  return { path, reads, problem: (value) => loginProblem(dotted, value) };
}

function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
