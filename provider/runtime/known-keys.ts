import type { z } from "zod";
import type { Path } from "./inputs";
import type { KindOf } from "./kind";

type Schema = z.core.$ZodTypes;

/** The keys that a program can write at a place, of all alternatives together. */
export function knownKeys(kind: KindOf<"schema" | "declaredShape">, path: Path): string[] {
  if (path.length === 0) return Object.keys(kind.declaredShape);
  const places = path.reduce<Schema[]>(
    (schemas, key) => schemas.flatMap((schema) => below(schema, key)),
    alternatives(kind.schema),
  );
  return [...new Set(places.flatMap(keysOf))];
}

/** Without what is only wrapped around it. */
function alternatives(schema: z.core.$ZodType): Schema[] {
  const { def } = (schema as Schema)._zod;
  if (def.type === "optional") return alternatives(def.innerType);
  if (def.type === "union") return def.options.flatMap(alternatives);
  return [schema as Schema];
}

function below({ _zod: { def } }: Schema, key: PropertyKey): Schema[] {
  if (def.type === "object") {
    const inner = def.shape[String(key)];
    return inner === undefined ? [] : alternatives(inner);
  }
  if (def.type === "array") return alternatives(def.element);
  if (def.type === "record") return alternatives(def.valueType);
  return [];
}

function keysOf({ _zod: { def } }: Schema): string[] {
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type !== "record") return [];
  const { def: keys } = (def.keyType as Schema)._zod;
  return keys.type === "enum" ? Object.values(keys.entries).map(String) : [];
}
