import { isDeepStrictEqual } from "node:util";
import { phaseNames, nixosHostSchema } from "../nixos/schema";
import { isInstalled, type HostState } from "../nixos/state";
import type { Inputs } from "./inputs";

const inputKeys = Object.keys(nixosHostSchema.shape);

/** Plain JSON, without a single undefined: one would fail the call after the work was done. */
export function plainState(value: object): Inputs {
  return JSON.parse(JSON.stringify(value)) as Inputs;
}

export function pickInputs(props: Inputs): Inputs {
  return Object.fromEntries(inputKeys.filter((key) => key in props).map((key) => [key, props[key]]));
}

const twoSided = ["booted", "current", "bootDefault"];

/**
 * `undefined` lets the engine compare the inputs and show each changed property; `true` is for what it cannot see:
 * a run that did not reach its end, although its inputs count as applied.
 */
export function changesBetween(state: HostState, news: Inputs): boolean | undefined {
  const differs = (key: string): boolean =>
    !isDeepStrictEqual(compared((state as unknown as Inputs)[key]), compared(news[key]));
  const visible = inputKeys.filter((key) => !key.startsWith("__"));
  const declaresAnew =
    visible.some((key) => !twoSided.includes(key) && differs(key)) ||
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

/** Without what says how a run behaves, and nothing about the machine. */
function compared(value: unknown): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (behaviour.has(key) ? undefined : inner)));
}

const behaviour = new Set(["allowReinstall", "probeInPreview"]);
