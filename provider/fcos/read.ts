import type { HostTools } from "../host/flow";
import { justLook, type Observation } from "../host/observe";
import { contextFor } from "./deploy";
import { observe } from "./context";
import { findFcosDrift, observedKeys } from "./drift";
import { bootedOf, kernelOf } from "./goal";
import type { FcosHostInputs } from "./schema";
import { isConfirmed, seenOf, type FcosState } from "./state";
import type { FcosFacts } from "./types";

export async function read(
  tools: HostTools,
  state: FcosState,
  lastSeen: FcosHostInputs,
): Promise<Observation<FcosState, FcosHostInputs>> {
  const declared = declaredIn(state, lastSeen);
  const context = contextFor(tools, declared, state);
  const { facts, unseen } = await justLook(context.session, () => observe(context));
  if (facts === undefined)
    return { state, inputs: isConfirmed(state) ? lastSeen : declared, drift: [], unseen };
  const seen = observedKeys(facts, declared);
  const next: FcosState = {
    ...state,
    ...seen,
    ...seenOf(facts, state.machine),
    hostKeys: [...context.session.hostKeys],
    // Whether somebody's reboot was lost, the next run sees by the boot that the image was staged in.
    bootId: isConfirmed(state) ? facts.bootId : state.bootId,
  };
  // Before the end of a move there is nothing declared yet that could drift; nor while somebody's reboot is waited for.
  if (!isConfirmed(state)) return { state: next, inputs: declared, drift: [], unseen: undefined };
  const inputs = { ...declared, ...seen, booted: { ...seen.booted, ...kernelSeen(declared, facts) } };
  return { state: next, inputs, drift: findFcosDrift(declared, facts), unseen: undefined };
}

/** A kernel that nobody declared is nothing to compare, as long as it is that of the image. */
function kernelSeen({ booted }: FcosHostInputs, facts: FcosFacts): { kernelRelease: string | undefined } {
  const isNoNews = booted.kernelRelease === undefined && kernelOf(bootedOf(facts)) === facts.kernelRelease;
  return { kernelRelease: isNoNews ? undefined : facts.kernelRelease };
}

/** The state holds what was observed under the two-sided keys, also after an earlier refresh; this is what was declared. */
function declaredIn(state: FcosState, lastSeen: FcosHostInputs): FcosHostInputs {
  const { digest, kernelRelease, kernelOfImage, kernelArguments } = state.__declared;
  const { kernelArguments: _observed, ...rest } = lastSeen;
  return {
    ...rest,
    booted: {
      digest,
      ...(kernelRelease !== undefined && kernelOfImage !== true && { kernelRelease }),
      unlocked: "none",
      layering: [],
    },
    bootDefault: { digest, deployment: "booted" },
    activeUpdateDriver: "",
    changedEtc: [],
    ...(kernelArguments && { kernelArguments }),
  };
}
