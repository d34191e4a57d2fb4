import * as pulumi from "@pulumi/pulumi";

/** As `check` gets it: a mock is handed an object for what is not known. */
export function withUnknowns(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("__pulumiUnknown" in value) return pulumi.runtime.unknownValue;
  if (Array.isArray(value)) return value.map(withUnknowns);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withUnknowns(inner)]));
}

/** A copy that is changed at one place, made of this test's own arrays. */
export function replaced(value: unknown, [key, ...rest]: readonly PropertyKey[], by: unknown): unknown {
  if (key === undefined) return by;
  const inner = replaced((value as Record<PropertyKey, unknown>)[key], rest, by);
  if (Array.isArray(value))
    return value.map((each: unknown, index) => (index === Number(key) ? inner : each));
  return { ...(value as object), [key]: inner };
}
