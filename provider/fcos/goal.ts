import { shortDigest } from "../core/image-reference";
import { missingArguments, unwantedArguments } from "./kernel-arguments";
import type { Deployment, FcosFacts, FcosSpec } from "./types";

export { shortDigest };

/** How far a machine is from what was declared: every phase's `isDone` is made of these. */
type Goal = Pick<FcosSpec, "digest" | "kernelArguments">;

export function bootedOf({ deployments }: Pick<FcosFacts, "deployments">): Deployment | undefined {
  return deployments.find((deployment) => deployment.booted);
}

/** What the boot loader starts next. */
export function nextOf({ deployments }: Pick<FcosFacts, "deployments">): Deployment | undefined {
  return deployments[0];
}

/** The next boot starts what runs. */
export function nextIsBooted(facts: Pick<FcosFacts, "deployments">): boolean {
  return nextOf(facts)?.booted === true;
}

/** The declared image, nothing beside it that stays over a reboot, and not held back from one. */
export function isWanted(deployment: Deployment | undefined, { digest }: Pick<Goal, "digest">): boolean {
  return (
    deployment?.digest === digest &&
    deployment.layering.length === 0 &&
    deployment.unlocked !== "hotfix" &&
    deployment.locked !== true
  );
}

/** What a rollback of the tools' own would start. */
export function rollbackOf({ deployments }: Pick<FcosFacts, "deployments">): Deployment | undefined {
  return deployments.find((deployment) => !deployment.booted && !deployment.staged);
}

/** The declared image lies on the disk, and only the boot order keeps it from being the next one: no download. */
export function wantedOnDisk(facts: Pick<FcosFacts, "deployments">, goal: Goal): Deployment | undefined {
  const rollback = rollbackOf(facts);
  return isWanted(rollback, goal) ? rollback : undefined;
}

export function argumentsHold(
  commandLine: string,
  { kernelArguments }: Pick<Goal, "kernelArguments">,
): boolean {
  const { present, absent } = kernelArguments;
  return (
    missingArguments(commandLine, present).length === 0 && unwantedArguments(commandLine, absent).length === 0
  );
}

/** The running system needs no reboot to be the declared one. */
export function runsAsDeclared(
  facts: Pick<FcosFacts, "deployments" | "commandLine" | "kernelRelease">,
  goal: Goal,
): boolean {
  const booted = bootedOf(facts);
  return (
    isWanted(booted, goal) &&
    booted?.unlocked === "none" &&
    booted.kernels.some(({ release }) => release === facts.kernelRelease) &&
    argumentsHold(facts.commandLine, goal)
  );
}

/** The kernel that a deployment starts; undefined unless it has exactly one. */
export function kernelOf(deployment: Deployment | undefined): string | undefined {
  return deployment?.kernels.length === 1 ? deployment.kernels[0]?.release : undefined;
}

/** What the machine must run once it is the declared one. */
export function expectedKernel(facts: Pick<FcosFacts, "deployments">, spec: FcosSpec): string | undefined {
  return spec.kernelRelease ?? kernelOf(facts.deployments.find((deployment) => isWanted(deployment, spec)));
}

/** A deployment in words. */
export function inWords(deployment: Deployment | undefined): string {
  if (deployment === undefined) return "nothing";
  const kernel = kernelOf(deployment);
  return `${deployment.digest === "" ? `deployment ${deployment.id}` : shortDigest(deployment.digest)}${kernel === undefined ? "" : `, kernel ${kernel}`}`;
}
