import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The properties that the documentation asks to be secrets, in these files of `resources`. */
export function documentedSecrets(...names: string[]): string[] {
  return names.flatMap((name) => {
    const docs = readFileSync(join(__dirname, `../../../provider/resources/${name}.ts`), "utf8");
    return [...docs.matchAll(/make it a secret[^/]*\*\/\s+(\w+)\?/g)].map(([, property = ""]) => property);
  });
}

/** Wherever one of the secrets stands in a value. */
export function placesOf(value: unknown, secrets: readonly string[], path = ""): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .flatMap(([key, inner]) => placesOf(inner, secrets, `${path}/${key}`))
      .sort();
  return secrets.some((secret) => String(value).includes(secret)) ? [path] : [];
}
