import type { Drift } from "../core/drift";
import { justLook, type Observation } from "../host/observe";
import { contextFor, type NixosTools } from "./deploy";
import { observe } from "./context";
import { findNixosDrift, observedKeys } from "./drift";
import { isNixos, type NixosFacts } from "./facts";
import { announcedHostKeys } from "./given-host-keys";
import type { NixosHostInputs } from "./schema";
import { disksSeen, isInstalled, type HostState } from "./state";

export async function read(
  tools: NixosTools,
  state: HostState,
  lastSeen: NixosHostInputs,
): Promise<Observation<HostState, NixosHostInputs>> {
  const declared = declaredIn(state, lastSeen);
  const context = contextFor(tools, declared, state);
  const { facts, unseen } = await justLook(context.session, async () => {
    context.session.announce(await announcedHostKeys(declared.install));
    return observe(context);
  });
  if (facts === undefined)
    return { state, inputs: isInstalled(state) ? lastSeen : declared, drift: [], unseen };
  const seen = observedKeys(facts, declared.current.toplevel);
  const next: HostState = {
    ...state,
    ...seen,
    hostKeys: [...context.session.hostKeys],
    machineId: facts.machineId,
    bootId: facts.bootId,
    bootedSystem: facts.bootedSystem,
    // Half-way the state says which disks the install began with: a look must not make other ones the right ones.
    disks: (isInstalled(state) && disksSeen(facts, context.spec)) || state.disks,
    attempts: facts.receipt?.attempts ?? state.attempts,
  };
  // Before the end of an install there is nothing declared yet that could drift.
  if (!isInstalled(state)) return { state: next, inputs: declared, drift: [], unseen: undefined };
  const drift = isNixos(facts) ? findNixosDrift(declared, facts) : [notNixos(facts)];
  return { state: next, inputs: { ...declared, ...seen }, drift, unseen: undefined };
}

/** The state holds what was observed under the two-sided keys, also after an earlier refresh; this is what was declared. */
function declaredIn(state: HostState, lastSeen: NixosHostInputs): NixosHostInputs {
  const { toplevel, kernelRelease } = state.__declared;
  return {
    ...lastSeen,
    booted: { toplevel, kernelRelease },
    current: { toplevel },
    bootDefault: { toplevel },
  };
}

function notNixos(facts: NixosFacts): Drift {
  return {
    key: "current.toplevel",
    declared: "NixOS",
    observed: facts.osRelease.prettyName,
    meaning: "the machine runs another operating system",
  };
}
