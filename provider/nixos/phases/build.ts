import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import type { NixosContext } from "../context";
import { buildsOnTarget, derivations, requireSameSystem, wantedOutputs } from "../derivations";
import { splitReference } from "../evaluate";
import { isInstaller, type NixosFacts } from "../facts";
import { receiptSays } from "../install-receipt";
import { nixArguments } from "../nix-arguments";

/**
 * Builds what was evaluated, here or on remote builders, before the host is touched. A host that builds for itself is
 * only known to get the right derivations.
 */
export const build: Phase<NixosFacts, NixosContext> = {
  name: "build",
  deadlineSeconds: (context) => context.spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) => !("flake" in spec.inputs.system) || facts.live.hasWanted,
  async run(context) {
    const { spec, runLocal, progress } = context;
    const { system, nix } = spec.inputs;
    if (!("flake" in system)) return;
    if (buildsOnTarget(context)) return void (await derivations(context));
    const { flake, name } = splitReference(system.flake);
    const run = await runLocal(
      "nix",
      [
        ...nixArguments(nix?.options),
        ...["build", "--no-link", "--json", "--no-write-lock-file"],
        ...(nix?.builders === undefined ? [] : ["--builders", nix.builders.join(" ; ")]),
        ...wantedOutputs(spec).map(
          (output) => `${flake}#nixosConfigurations.${JSON.stringify(name)}.config.system.build.${output}`,
        ),
      ],
      {
        deadlineSeconds: spec.deadlines.phaseSeconds,
        onLine: (line) => {
          progress.log(line);
          if (/^(building|copying path)/.test(line)) progress.detail(line);
        },
      },
    );
    if (run.exitCode !== 0) {
      throw new HostError("build-failed", {
        what: `${system.flake} could not be built; the host was not touched`,
        expected: "nix build to end with exit code 0",
        seen: run.stderr.trim().split("\n").at(-1) ?? "",
        log: run.stderr,
      });
    }
    const built = (JSON.parse(run.stdout) as { outputs: Record<string, string> }[]).map(
      (item) => item.outputs["out"],
    );
    requireSameSystem(system.flake, spec.toplevel, built);
  },
  verify: () => ({ proved: "" }),
};

/** What the running system has in its store is gone with it: only the new disk's store counts, and a disko that is done. */
export const buildForInstall: Phase<NixosFacts, NixosContext> = {
  ...build,
  isDone: (facts, context) =>
    !("flake" in context.spec.inputs.system) ||
    (isInstaller(facts) && facts.target.hasWanted && receiptSays(facts, context, "disko")),
};
