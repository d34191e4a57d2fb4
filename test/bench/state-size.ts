import type { Figure } from "./figures";

interface Stored {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** How much of a stack's state one resource takes. */
export function stateFigure(what: string, { inputs, outputs }: Stored, when: string): Figure {
  const all = sizeOf({ inputs, outputs });
  const keys = sizeOf({ inputs: only(inputs, isKeyMaterial), outputs: only(outputs, isKeyMaterial) });
  return {
    what,
    measured: `${all - keys} bytes, and ${keys} of key material`,
    aim: "≤ 4096 bytes, key material aside",
    how: `its inputs and outputs as JSON, ${when}, with Pulumi's own \`__provider\``,
  };
}

const isKeyMaterial = (name: string): boolean =>
  /^hostKeys?$|privateKey$|passphrase$|^password$|^certificateAuthority$/.test(name);

/** The tree's properties whose name is asked for, with what is below them. */
function only(tree: unknown, wanted: (name: string) => boolean): unknown {
  if (typeof tree !== "object" || tree === null) return undefined;
  const kept = Object.entries(tree).map(
    ([name, value]) => [name, wanted(name) ? value : only(value, wanted)] as const,
  );
  const found = kept.filter(([, value]) => value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
