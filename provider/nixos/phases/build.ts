import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import type { NixosContext } from "../context";
import { nixFlags, splitReference } from "../evaluate";
import { isInstaller, type NixosFacts } from "../facts";

/** Builds what was evaluated, on the machine where Pulumi runs, before the host is touched. */
export const build: Phase<NixosFacts, NixosContext> = {
  name: "build",
  deadlineSeconds: (context) => context.spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) =>
    !("flake" in spec.inputs.system) ||
    facts.live.hasWanted ||
    (isInstaller(facts) && facts.target.hasWanted),
  async run(context) {
    const { spec, runLocal, progress } = context;
    if (!("flake" in spec.inputs.system)) return;
    const { flake, name } = splitReference(spec.inputs.system.flake);
    const outputs = spec.inputs.__diskoScript === "" ? ["toplevel"] : ["toplevel", "diskoScript"];
    const run = await runLocal(
      "nix",
      [
        ...nixFlags,
        ...["build", "--no-link", "--json", "--no-write-lock-file"],
        ...outputs.map(
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
        what: `${spec.inputs.system.flake} could not be built; the host was not touched`,
        expected: "nix build to end with exit code 0",
        seen: run.stderr.trim().split("\n").at(-1) ?? "",
        log: run.stderr,
      });
    }
    const built = (JSON.parse(run.stdout) as { outputs: Record<string, string> }[]).map(
      (item) => item.outputs["out"],
    );
    if (!built.includes(spec.toplevel)) {
      throw new HostError("build-failed", {
        what: `${spec.inputs.system.flake} changed between its evaluation and its build; the host was not touched`,
        expected: spec.toplevel,
        seen: built.join(", "),
        next: "run pulumi up again",
      });
    }
  },
  verify: () => ({ proved: "" }),
};
