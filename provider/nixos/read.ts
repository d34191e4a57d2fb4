import { asHostError, type HostError } from "../core/errors";
import type { Drift } from "../core/drift";
import { contextFor, type HostTools } from "./deploy";
import { observe } from "./context";
import { findNixosDrift, observedKeys } from "./drift";
import { isNixos, type NixosFacts } from "./facts";
import { announcedHostKeys } from "./given-host-keys";
import type { NixosHostInputs } from "./schema";
import { disksSeen, isInstalled, type HostState } from "./state";

/** What a refresh found. It never changes the machine, and never drops one that does not answer. */
export interface Observation {
  state: HostState;
  /** The inputs as the machine shows them: what the next preview is compared with. */
  inputs: NixosHostInputs;
  drift: Drift[];
  /** Why nothing could be seen; the state is then what it was. */
  unseen: HostError | undefined;
}

export async function read(
  tools: HostTools,
  state: HostState,
  lastSeen: NixosHostInputs,
): Promise<Observation> {
  const declared = declaredIn(state, lastSeen);
  const context = contextFor(tools, declared, state);
  let facts: NixosFacts;
  try {
    context.session.announce(await announcedHostKeys(declared.install));
    facts = await observe(context);
  } catch (error) {
    return { state, inputs: isInstalled(state) ? lastSeen : declared, drift: [], unseen: asHostError(error) };
  } finally {
    await context.session.end();
  }
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
