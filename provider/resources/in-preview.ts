import * as pulumi from "@pulumi/pulumi";
import type { PreviewLine } from "../runtime/new-host";

type Inputs = Record<string, unknown>;

/**
 * Says what is to be known of a resource that a preview would create; an update is told by the provider. The id is
 * unknown exactly when there is no such resource yet.
 */
export async function describeInPreview(
  resource: pulumi.CustomResource,
  inputs: Inputs,
  describe: (known: Inputs, unknown: readonly string[]) => Promise<readonly PreviewLine[]>,
): Promise<void> {
  if (await isKnown(resource.id)) return;
  const names = Object.keys(inputs);
  const all = await Promise.all(names.map((name) => isKnown(pulumi.output(inputs[name]))));
  const unknown = names.filter((_, index) => all[index] === false);
  const known = Object.fromEntries(Object.entries(inputs).filter(([name]) => !unknown.includes(name)));
  // Secrets among them are for the look alone: what is said is without them.
  pulumi.unsecret(pulumi.output(known)).apply(async (values) => {
    for (const { text, severity } of await describe(values, unknown))
      await pulumi.log[severity](text, resource);
  });
}

/** Of what may not be known yet, or be no text at all. */
export async function textOf(output: pulumi.Output<unknown>): Promise<string | undefined> {
  if (!(await isKnown(output))) return undefined;
  const value = await new Promise<unknown>((resolve) => output.apply(resolve));
  return typeof value === "string" ? value : undefined;
}

async function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { isKnown: Promise<boolean> }).isKnown;
}
