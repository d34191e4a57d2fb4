import { armTheGuard } from "./phases/arm-guard";
import { checkStaged } from "./phases/check-staged";
import { confirm } from "./phases/confirm";
import { dropPending } from "./phases/drop-pending";
import { etc } from "./phases/etc";
import { finalize } from "./phases/finalize";
import { keep } from "./phases/keep";
import { kernelArguments } from "./phases/kernel-arguments";
import { preflight } from "./phases/preflight";
import { reboot } from "./phases/reboot";
import { rebase } from "./phases/rebase";
import { updateDriver } from "./phases/update-driver";
import type { FcosPhase } from "./types";

export type Sequence = readonly FcosPhase[];

/** To a deployment that somebody's reboot will start: finalizing it is left to that reboot, too. */
export const stagingSequence: Sequence = [
  preflight,
  updateDriver,
  etc,
  dropPending,
  rebase,
  kernelArguments,
  checkStaged,
];

/** A deployment that was there already comes with the /etc that it was left with: so those two come again. */
const inTheNewBoot: Sequence = [again(updateDriver), again(etc), confirm];

/** The phases at whose failure the new system runs. */
export const afterTheReboot: readonly string[] = inTheNewBoot.map(({ name }) => name);

/** From one image to another, forwards and back, and the repair of every drift. */
export const wholeSequence: Sequence = [
  ...stagingSequence,
  finalize,
  armTheGuard,
  reboot,
  ...inTheNewBoot,
  keep,
];

function again(phase: FcosPhase): FcosPhase {
  return { ...phase, name: `${phase.name} after the reboot` };
}
