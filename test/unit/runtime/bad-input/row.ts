import type { Inputs } from "../../../../provider/runtime/inputs";
import type { Files } from "./files";

/**
 * What is wrong; where ("": several properties at once); what a program wrote there (nothing: it left the property
 * out); how the refusal begins.
 */
export type BadInput = [
  what: string,
  path: string,
  value: unknown,
  refusal: string | ((files: Files) => string),
];

/** A value that depends on the files of the test. */
export class FromFiles {
  constructor(readonly make: (files: Files) => unknown) {}
}

export function fromFiles(make: (files: Files) => unknown): FromFiles {
  return new FromFiles(make);
}

/** A copy with the value at a dotted path replaced, or taken away; objects on the way are made. */
export function changed(inputs: Inputs, path: string, value: unknown): Inputs {
  const copy = structuredClone(inputs);
  if (path === "") return { ...copy, ...(value as Inputs) };
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce<Inputs>((inner, key) => (inner[key] ??= {}) as Inputs, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
