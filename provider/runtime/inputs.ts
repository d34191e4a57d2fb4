import { runtime } from "@pulumi/pulumi";
import type { z } from "zod";

export type Inputs = Record<string, unknown>;
export type Path = readonly PropertyKey[];

/** What an unknown value looks like to a provider, in a preview. */
export const unknown = runtime.unknownValue;

/** Only for inputs that `check` has let through. */
export function parseInputs<Checked>({ schema }: { schema: z.ZodType<Checked> }, inputs: Inputs): Checked {
  return schema.parse(withoutProvider(inputs));
}

/** Without recursion: nothing says how deep the values of a program are. */
export function hasUnknowns(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (next === unknown) return true;
    if (typeof next === "object" && next !== null) for (const inner of Object.values(next)) left.push(inner);
  }
  return false;
}

/** The value itself, or something that it lies in. */
export function liesInUnknown(inputs: Inputs, path: Path): boolean {
  return path.some((_, depth) => valueAt(inputs, path.slice(0, depth)) === unknown);
}

export function withoutProvider({ __provider: _, ...inputs }: Inputs): Inputs {
  return inputs;
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/** As a program would write it: `install.disks[0].device`, `install.extraFiles["/etc/motd"].mode`. */
export function pathText(path: Path): string {
  const steps = path.map((key) => {
    if (typeof key === "number") return `[${key}]`;
    const name = shortened(String(key), 80);
    return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return steps.join("").replace(/^\./, "") || "the inputs";
}

export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
