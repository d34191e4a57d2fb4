import { isDeepStrictEqual } from "node:util";
import type { Inputs } from "./inputs";
import type { KindOf } from "./kind";

/** Plain JSON, without a single undefined: one would fail the call after the work was done. */
export function plainState(value: object): Inputs {
  return JSON.parse(JSON.stringify(value)) as Inputs;
}

export function pickInputs(kind: KindOf<"schema">, props: Inputs): Inputs {
  return Object.fromEntries(
    Object.keys(kind.schema.shape)
      .filter((key) => key in props)
      .map((key) => [key, props[key]]),
  );
}

/** What a program declares, and neither what the constructor hides nor what stands on both sides. */
export function declaredKeys(kind: KindOf<"schema">, twoSided: readonly string[]): string[] {
  return Object.keys(kind.schema.shape).filter((key) => !key.startsWith("__") && !twoSided.includes(key));
}

/** Whether a property is another one in the inputs than in the state; `without` the properties of these names, at any depth. */
export function differing(
  state: object,
  news: object,
  without: ReadonlySet<string> = new Set(),
): (key: string) => boolean {
  return (key) =>
    !isDeepStrictEqual(compared((state as Inputs)[key], without), compared((news as Inputs)[key], without));
}

/** As it comes out of a state, where nothing is undefined; without the properties of these names, at any depth. */
function compared(value: unknown, without: ReadonlySet<string>): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (without.has(key) ? undefined : inner)));
}
