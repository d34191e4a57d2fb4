import { historyWith } from "../host/history";
import type { Attempt } from "../host/receipt";
import { observedKeys } from "./drift";
import { expectedKernel, kernelOf, rollbackOf } from "./goal";
import type { FcosHostInputs } from "./schema";
import type { Deployment, FcosContext, FcosFacts } from "./types";

/** What the Pulumi state holds of a host: its inputs, and what was observed. Every key is plain JSON. */
export interface FcosState extends FcosHostInputs {
  booted: FcosHostInputs["booted"] & { kernelRelease: string };
  /** The last phase that was proved; "keep" is the end, "check staged" waits for somebody's reboot. */
  phase: string;
  /** The phase that failed, when the last run did not reach its end. */
  unfinished: string;
  /** The keys that the machine is known by. */
  hostKeys: string[];
  machineId: string;
  bootId: string;
  deployments: DeploymentRecord[];
  /** The last systems that were confirmed, newest first. */
  history: ConfirmedSystem[];
  /** Failed attempts, from the machine's own journal. */
  attempts: Attempt[];
  /** What was declared when the state was written: the two-sided keys hold what was observed. */
  __declared: {
    digest: string;
    kernelRelease?: string;
    /** The program names no kernel: it is the image's own. */
    kernelOfImage?: true;
    kernelArguments?: FcosHostInputs["kernelArguments"];
  };
  __stateVersion: 1;
}

export interface DeploymentRecord {
  digest: string;
  kernelRelease: string;
  role: "booted" | "staged" | "rollback" | "other";
  pinned: boolean;
}

export interface ConfirmedSystem {
  digest: string;
  kernelRelease: string;
  at: string;
}

/** The sequence's last phase. */
export const lastPhase = "keep";

/** The machine proved that it is the declared one: drift can be told. */
export function isConfirmed(state: Pick<FcosState, "phase" | "unfinished">): boolean {
  return state.phase === lastPhase && state.unfinished === "";
}

export function stateOf(
  { spec, session }: Pick<FcosContext, "spec" | "session">,
  facts: FcosFacts,
  run: { phase: string; unfinished: string },
  olds: FcosState | undefined,
): FcosState {
  const { phase, unfinished } = run;
  const { kernelArguments } = spec.inputs;
  const kernelRelease = expectedKernel(facts, spec);
  const confirmed = { digest: spec.digest, kernelRelease: facts.kernelRelease };
  return {
    ...spec.inputs,
    ...observedKeys(facts, spec.inputs),
    phase,
    unfinished,
    ...seenOf(facts, spec.machine),
    hostKeys: [...session.hostKeys],
    history: isConfirmed(run)
      ? historyWith<ConfirmedSystem>(olds?.history ?? [], confirmed, "digest")
      : (olds?.history ?? []),
    __declared: {
      digest: spec.digest,
      ...(kernelRelease !== undefined && { kernelRelease }),
      ...(spec.kernelRelease === undefined && { kernelOfImage: true }),
      ...(kernelArguments && { kernelArguments }),
    },
    __stateVersion: 1,
  };
}

/** What every look renews. */
export function seenOf(
  facts: FcosFacts,
  machine: string,
): Pick<FcosState, "machineId" | "bootId" | "deployments" | "attempts"> {
  const { machineId, bootId, receipt } = facts;
  return {
    machineId,
    bootId,
    deployments: facts.deployments.map((deployment) => recordOf(deployment, facts)),
    attempts: receipt?.machine === machine ? receipt.attempts : [],
  };
}

function recordOf(deployment: Deployment, facts: FcosFacts): DeploymentRecord {
  const { digest, booted, staged, pinned } = deployment;
  const others = rollbackOf(facts) === deployment ? "rollback" : "other";
  return {
    digest,
    kernelRelease: kernelOf(deployment) ?? "",
    role: booted ? "booted" : staged ? "staged" : others,
    pinned,
  };
}
