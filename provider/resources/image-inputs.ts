import * as pulumi from "@pulumi/pulumi";
import { isPinned, resolve, type Resolved, type Unresolved } from "../image/resolve";

type Known = pulumi.Output<Record<string, unknown>>;

/** A secret among them is for asking; what is answered is none. What is not known yet leaves the answer unknown. */
export function resolved(asked: Partial<Unresolved>): pulumi.Output<Resolved> {
  const { base, kernel, files, platform, sign } = asked;
  const known = pulumi.unsecret(pulumi.output({ base, kernel, files, platform, sign })) as unknown as Known;
  return known.apply((inputs) => resolve(inputs as unknown as Unresolved));
}

/** A tag waits for the login, which may not be known yet; a digest needs none. */
export function resolvedBase(base: unknown): pulumi.Output<Resolved> {
  if (!isObject(base) || isLater(base)) return resolved({ base });
  const reference = pulumi.unsecret(pulumi.output(base["reference"]));
  return reference.apply((known) => resolved({ base: isPinned(known) ? { reference: known } : base }));
}

/** What stands in the way, all of it; nothing where everything is known. */
export function errorOf(all: readonly Resolved[]): string | undefined {
  const errors = all.flatMap(({ error }) => error ?? []);
  return errors.length === 0 ? undefined : errors.join("\n");
}

/** A text alone is the reference. An object stays one, so that only its password is a secret. */
export function withReference(base: unknown): unknown {
  if (typeof base === "string") return { reference: base };
  return isLater(base) ? later(base).apply(withReference) : base;
}

export function withDigest(base: unknown, digest: pulumi.Output<string>): unknown {
  if (isLater(base))
    return pulumi
      .all([later(base), digest])
      .apply(([known, found]) => (isObject(known) ? { ...known, digest: found } : known));
  return isObject(base) ? { ...base, digest } : base;
}

/** Their sources alone: a content may be a secret, or not known yet. */
export function sourcesOf(files: unknown): unknown {
  if (!isObject(files) || isLater(files)) return files;
  return Object.fromEntries(
    Object.entries(files).map(([path, file]) => [
      path,
      isObject(file) ? { source: later(file)["source"] } : {},
    ]),
  );
}

/** The path alone: a key that is given as text is not looked at. */
export function keyPathOf(sign: unknown): unknown {
  return isObject(sign) && !isLater(sign) ? { privateKeyPath: sign["privateKeyPath"] } : sign;
}

/** Something in it comes as an output, and may be a secret: whether it is one is known too late to be said. */
export function mayBeSecret(value: unknown): boolean {
  if (isLater(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(mayBeSecret);
}

/** The properties of these names that are secrets, or have one in them. */
export async function secretsAmong(properties: Record<string, unknown>): Promise<string[] | undefined> {
  const secret = await Promise.all(
    Object.entries(properties).map(async ([name, value]) =>
      (await pulumi.isSecret(pulumi.output(value))) ? [name] : [],
    ),
  );
  const names = secret.flat();
  return names.length === 0 ? undefined : names;
}

function later(value: unknown): Known {
  return pulumi.output(value);
}

function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
