import { phaseNames } from "../nixos/schema";
import { isInstalled, type HostState } from "../nixos/state";
import type { Inputs } from "./inputs";
import { nixosKind } from "./nixos-kind";
import { declaredKeys, differing } from "./state";

const twoSided = ["booted", "current", "bootDefault"];

/**
 * `undefined` lets the engine compare the inputs and show each changed property; `true` is for what it cannot see:
 * a run that did not reach its end, although its inputs count as applied.
 */
export function changesBetween(state: HostState, news: Inputs): boolean | undefined {
  const differs = differing(state, news, behaviour);
  const declaresAnew =
    declaredKeys(nixosKind, twoSided).some(differs) ||
    state.__declared.toplevel !== (news["current"] as { toplevel?: string } | undefined)?.toplevel;
  if (declaresAnew) return undefined;
  if (state.unfinished !== "" || state.phase !== lastPhase(news)) return true;
  // Before the end of an install the machine is not yet what is declared, and that is no change.
  return isInstalled(state) && twoSided.some(differs) ? undefined : false;
}

function lastPhase(news: Inputs): string {
  const phases = (news["install"] as { phases?: string[] } | undefined)?.phases ?? phaseNames;
  const last = phases.at(-1) ?? "";
  return last === "reboot" ? "confirm" : last;
}

/** What says how a run behaves, and nothing about the machine. */
const behaviour = new Set(["allowReinstall", "probeInPreview"]);
