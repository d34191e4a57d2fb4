import { findDrift, type Drift, type DriftCheck } from "../core/drift";
import { bootedToplevel, type NixosFacts } from "./facts";
import type { NixosHostInputs } from "./schema";

type Observed = NixosFacts & { declaredToplevel: string };

/** One row a two-sided key. A new kind of drift is one line here. */
const checks: readonly DriftCheck<NixosHostInputs, Observed>[] = [
  {
    key: "booted.kernelRelease",
    declared: (inputs) => inputs.booted.kernelRelease,
    observed: (facts) => facts.kernelRelease,
    meaning: "the running kernel is not the declared one",
  },
  {
    key: "booted.toplevel",
    declared: (inputs) => inputs.booted.toplevel,
    observed: (facts) => bootedToplevel(facts, facts.declaredToplevel),
    meaning: "the machine booted another system (kernel, initrd or parameters)",
  },
  {
    key: "current.toplevel",
    declared: (inputs) => inputs.current.toplevel,
    observed: (facts) => facts.currentSystem,
    meaning: "somebody activated another system",
  },
  {
    key: "bootDefault.toplevel",
    declared: (inputs) => inputs.bootDefault.toplevel,
    observed: (facts) => facts.live.bootDefault.toplevel,
    meaning: "the next boot would start another system",
  },
];

export function findNixosDrift(inputs: NixosHostInputs, facts: NixosFacts): Drift[] {
  return findDrift(checks, inputs, { ...facts, declaredToplevel: inputs.current.toplevel });
}

/** The observed side of the two-sided keys. */
export function observedKeys(
  facts: NixosFacts,
  declaredToplevel: string,
): Pick<NixosHostInputs, "booted" | "current" | "bootDefault"> {
  return {
    booted: { kernelRelease: facts.kernelRelease, toplevel: bootedToplevel(facts, declaredToplevel) },
    current: { toplevel: facts.currentSystem },
    bootDefault: { toplevel: facts.live.bootDefault.toplevel },
  };
}
