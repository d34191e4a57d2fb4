import { isConfirmed, type FcosState } from "../fcos/state";
import { fcosKind } from "./fcos-kind";
import type { Inputs } from "./inputs";
import { declaredKeys, differing } from "./state";

const twoSided = ["booted", "bootDefault", "activeUpdateDriver", "changedEtc"];
/** What says how a preview behaves, and nothing about the machine. */
const behaviour = ["probeInPreview"];

/**
 * `undefined` lets the engine compare the inputs and show each changed property; `true` is for what it cannot see: a
 * run that did not reach its end, or that waits for somebody's reboot, although its inputs count as applied.
 */
export function fcosChanges(state: FcosState, news: Inputs): boolean | undefined {
  const differs = differing(compared(state), compared({ ...news, booted: bootedWanted(state, news) }));
  const declaresAnew =
    declaredKeys(fcosKind, [...twoSided, ...behaviour]).some(differs) ||
    state.__declared.digest !== (news["booted"] as { digest?: string } | undefined)?.digest;
  if (declaresAnew) return undefined;
  if (!isConfirmed(state)) return true;
  return twoSided.some(differs) ? undefined : false;
}

/** Where no kernel is declared, it is that of the image as it was confirmed. */
function bootedWanted(state: FcosState, news: Inputs): unknown {
  const wanted = news["booted"];
  if (typeof wanted !== "object" || wanted === null) return wanted;
  const { digest, kernelRelease } = state.__declared;
  const kernel = digest === (wanted as { digest?: string }).digest ? kernelRelease : undefined;
  return { kernelRelease: kernel ?? state.booted.kernelRelease, ...withoutUndefined(wanted) };
}

/** A list of kernel arguments that is left out is an empty one; these lists have no order. */
function compared(inputs: object): Inputs {
  const { kernelArguments, unchangedEtc, ...others } = inputs as Inputs;
  return { ...others, kernelArguments: withSets(kernelArguments), unchangedEtc: asSet(unchangedEtc) };
}

function withSets(kernelArguments: unknown): unknown {
  if (typeof kernelArguments !== "object" || kernelArguments === null) return kernelArguments;
  const { present = [], absent = [], ...others } = kernelArguments as Inputs;
  return { ...others, present: asSet(present), absent: asSet(absent) };
}

function asSet(list: unknown): unknown {
  return Array.isArray(list) ? [...(list as unknown[])].sort() : list;
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
}
