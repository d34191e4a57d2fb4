import { HostError } from "../core/errors";
import type { Derivation, NixosContext } from "./context";
import { diskoOutputs } from "./disko-mode";
import { splitReference } from "./evaluate";
import { nixArguments } from "./nix-arguments";

/** The host builds for itself: nothing but derivations leaves this machine. Store paths were built already. */
export function buildsOnTarget({ spec: { inputs } }: Pick<NixosContext, "spec">): boolean {
  return "flake" in inputs.system && inputs.nix?.buildOn === "target";
}

/** Evaluates once more, because the store may have lost the derivations of an evaluation that was cached. */
export async function derivations(context: NixosContext): Promise<Derivation[]> {
  const { spec, runLocal, progress, notes } = context;
  if (notes.derivations !== undefined) return notes.derivations;
  const { system, nix } = spec.inputs;
  if (!("flake" in system)) return [];
  const { flake, name } = splitReference(system.flake);
  const attributes = wantedOutputs(spec);
  const run = await runLocal(
    "nix",
    [
      ...nixArguments(nix?.options),
      ...["eval", "--json", "--no-write-lock-file"],
      `${flake}#nixosConfigurations.${JSON.stringify(name)}.config.system.build`,
      ...["--apply", derivationsExpression(attributes)],
    ],
    { deadlineSeconds: spec.deadlines.phaseSeconds, onLine: progress.log.bind(progress) },
  );
  if (run.exitCode !== 0) {
    throw new HostError("build-failed", {
      what: `${system.flake} could not be evaluated to derivations; the host was not touched`,
      expected: "nix eval to end with exit code 0",
      seen: run.stderr.trim().split("\n").at(-1) ?? "",
      log: run.stderr,
    });
  }
  const found = (JSON.parse(run.stdout) as [string, string][]).map(([drvPath, outPath]) => ({
    drvPath,
    outPath,
  }));
  requireSameSystem(
    system.flake,
    spec.toplevel,
    found.map(({ outPath }) => outPath),
  );
  return (notes.derivations = found);
}

/** What is built of a configuration: the system, and the script that makes its disks. */
export function wantedOutputs({ inputs, diskoMode }: NixosContext["spec"]): string[] {
  return inputs.__diskoScript === "" ? ["toplevel"] : ["toplevel", diskoOutputs[diskoMode]];
}

export function requireSameSystem(
  flake: string,
  toplevel: string,
  paths: readonly (string | undefined)[],
): void {
  if (paths.includes(toplevel)) return;
  throw new HostError("build-failed", {
    what: `${flake} changed between its evaluation and its build; the host was not touched`,
    expected: toplevel,
    seen: paths.join(", "),
    next: "run pulumi up again",
  });
}

/** Pairs, because Nix prints a set that has an outPath as that path alone. */
function derivationsExpression(attributes: readonly string[]): string {
  const text = (value: string): string => `builtins.unsafeDiscardStringContext ${value}`;
  return `build: map (name: [ (${text("build.${name}.drvPath")}) (${text("build.${name}.outPath")}) ]) [ ${attributes.map((name) => `"${name}"`).join(" ")} ]`;
}
