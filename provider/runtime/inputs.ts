import { runtime } from "@pulumi/pulumi";
import { nixosHostSchema, type NixosHostInputs } from "../nixos/schema";

export type Inputs = Record<string, unknown>;

/** What an unknown value looks like to a provider, in a preview. */
const unknown = runtime.unknownValue;

/** All that is wrong with checked inputs, each naming its property. What is still unknown is right until it is known. */
export function inputProblems(inputs: Inputs): string[] {
  const parsed = nixosHostSchema.safeParse(withoutProvider(inputs));
  if (parsed.success) return [];
  return parsed.error.issues
    .filter((issue) => !touchesUnknown(inputs, issue.path))
    .flatMap((issue) => {
      const path = issue.path.join(".");
      if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => `${[path, key].filter(Boolean).join(".")} is not a known property`);
      return [
        `${path} ${issue.code === "invalid_type" ? missingOrWrong(inputs, issue.path, issue.expected) : issue.message}`,
      ];
    });
}

/** Only for inputs that `check` has let through. */
export function parseInputs(inputs: Inputs): NixosHostInputs {
  return nixosHostSchema.parse(withoutProvider(inputs));
}

export function hasUnknowns(value: unknown): boolean {
  if (value === unknown) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknowns);
}

export function withoutProvider({ __provider: _, ...inputs }: Inputs): Inputs {
  return inputs;
}

/** Every secret of a login that could find its way into a text. */
export function secretsOf(inputs: Inputs): string[] {
  const logins = [inputs["connection"], (inputs["install"] as Inputs | undefined)?.["connection"]] as (
    Inputs | undefined
  )[];
  return logins
    .flatMap((login) => [login?.["privateKey"], login?.["passphrase"]])
    .filter((secret): secret is string => typeof secret === "string" && secret.length >= 4);
}

function missingOrWrong(inputs: Inputs, path: readonly PropertyKey[], expected: string): string {
  return valueAt(inputs, path) === undefined
    ? `is missing (${withArticle(expected)})`
    : `must be ${withArticle(expected)}, not ${withArticle(typeof valueAt(inputs, path))}`;
}

function touchesUnknown(inputs: Inputs, path: readonly PropertyKey[]): boolean {
  for (let depth = 0; depth < path.length; depth++) {
    if (valueAt(inputs, path.slice(0, depth)) === unknown) return true;
  }
  return hasUnknowns(valueAt(inputs, path));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
