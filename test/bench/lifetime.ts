import type { Figure } from "./figures";
import type { PulumiMachine } from "./pulumi-machine";
import { stateFigure } from "./state-size";

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
    stateFigure("State of one host", host, "after two updates"),
  ];
}
