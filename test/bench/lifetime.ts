import type { Figure } from "./figures";
import type { PulumiMachine } from "./pulumi-machine";

/** On a machine that was just created: connections of a refresh and of an update, and what the state holds. */
export async function measureLifetime({ lab, pulumi }: PulumiMachine): Promise<Figure[]> {
  const refresh = await pulumi(["refresh", "--yes", "--skip-preview"]);
  await lab.declare("alpha-unit");
  const switched = await pulumi(["up", "--yes", "--skip-preview"]);
  await lab.declare("beta");
  const rebooted = await pulumi(["up", "--yes", "--skip-preview"]);
  const host = await lab.stack.resource(":NixosHost");
  await lab.declare("alpha");
  for (const { code, output } of [refresh, switched, rebooted]) {
    if (code !== 0) throw new Error(`pulumi ended with ${code}:\n${output}`);
  }
  if (host === undefined) throw new Error("the stack has no host");
  return [
    {
      what: "ssh connections of a refresh / a live update / an update with reboot",
      measured: `${refresh.connections} / ${switched.connections} / ${rebooted.connections}`,
      how: `counted as above; they took ${[refresh, switched, rebooted].map((run) => `${run.seconds.toFixed(1)} s`).join(" / ")}`,
    },
    stateFigure(host),
  ];
}

interface Stored {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

function stateFigure({ inputs, outputs }: Stored): Figure {
  const all = sizeOf({ inputs, outputs });
  const keys = sizeOf({ inputs: only(inputs, isKeyMaterial), outputs: only(outputs, isKeyMaterial) });
  return {
    what: "State of one host",
    measured: `${all - keys} bytes, and ${keys} of key material`,
    aim: "≤ 4096 bytes, key material aside",
    how: "its inputs and outputs as JSON, after two updates, with Pulumi's own `__provider`",
  };
}

const isKeyMaterial = (name: string): boolean => /^hostKeys?$|privateKey$|passphrase$/.test(name);

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
