import { requireInstaller, type NixosFacts } from "./facts";
import type { NixosSpec } from "./spec";

/** Every stretch of phases that does not boot an installer needs one that runs already: said before anything runs. */
export function requireInstallerFor({ phases }: Pick<NixosSpec, "phases">, facts: NixosFacts): void {
  if (!phases.includes("kexec")) requireInstaller(facts, phases.join(", "));
}
