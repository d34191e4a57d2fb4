import { basicAuth } from "../host/registry-login";
import type { Inputs } from "./inputs";
import type { Secretive } from "./kind";

const leastCharacters = 4;
/** Lines that are shorter are in every text: "{", "root", "[Unit]". */
const leastOfALine = 8;

const everyKey = "*";

/** Every secret that could find its way into a text, and every line of it: logs are cut into lines. Longest first. */
export function secretsOf(kind: Secretive, inputs: Inputs): string[] {
  const values = [
    ...kind.secretPaths.flatMap((path) => valuesAt(inputs, path.split("."))),
    ...(kind.registryLogins ?? []).flatMap((path) => loginSecrets(inputs, path)),
    ...givenAsSecrets(inputs).flatMap((path) => valuesAt(inputs, path.split(".")).flatMap(asWritten)),
  ];
  const parts = values.flatMap((value) => {
    const whole = [value, value.trim()].filter((text) => text.length >= leastCharacters);
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    return [...whole, ...lines.filter((line) => line.length >= leastOfALine)];
  });
  return [...new Set(parts)].sort((one, other) => other.length - one.length);
}

/** Tools print a login as they send it, or as they read it in their file. */
function loginSecrets(inputs: Inputs, path: string): string[] {
  const passwords = valuesAt(inputs, [...path.split("."), "password"]);
  const users = valuesAt(inputs, [...path.split("."), "username"]);
  return passwords.flatMap((password) => [password, ...users.map((user) => basicAuth(user, password))]);
}

/** Paths whose values are secrets only because the program says so. */
function givenAsSecrets({ __secretPaths: paths }: Inputs): string[] {
  return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
}

/** As it is, as JSON has it, and in the double quotes of a Containerfile. */
function asWritten(value: string): string[] {
  return [...new Set([value, JSON.stringify(value).slice(1, -1), value.replace(/[\\$"]/g, "\\$&")])];
}

/** `secrets` with the longest first: one may be the beginning of another. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, "[secret]"), text);
}

function valuesAt(value: unknown, [key, ...rest]: readonly string[]): string[] {
  if (key === undefined) return stringsIn(value);
  if (typeof value !== "object" || value === null) return [];
  const inner = key === everyKey ? Object.values(value) : [(value as Inputs)[key]];
  return inner.flatMap((each) => valuesAt(each, rest));
}

/** A secret that was given in the wrong shape is one all the same. */
function stringsIn(value: unknown): string[] {
  const found: string[] = [];
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "string") found.push(next);
    else if (typeof next === "object" && next !== null)
      for (const inner of Object.values(next)) left.push(inner);
  }
  return found;
}
