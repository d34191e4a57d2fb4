import { HostError } from "../core/errors";
import { runFlow, type HostTools, type Outcome, type Run } from "../host/flow";
import { keepReceipt, withAttempt } from "../host/receipt";
import { HostSession, isOutOfReach } from "../host/session";
import { observe } from "./context";
import { bootedOf, inWords, isWanted, kernelOf, nextOf, rollbackOf, shortDigest, wantedOnDisk } from "./goal";
import { checkStaged } from "./phases/check-staged";
import { preflight } from "./phases/preflight";
import { also } from "./outcome-words";
import { plan, waitsForSomebody } from "./plan";
import { recover } from "./recover";
import type { FcosHostInputs } from "./schema";
import { afterTheReboot, type Sequence } from "./sequences";
import { specOf, waysOf } from "./spec";
import { stateOf, type FcosState } from "./state";
import type { Deployment, FcosContext, FcosFacts, FcosSpec } from "./types";

/** Create, update, resume and rollback alike: what has to be done, the machine shows. */
export function deploy(
  tools: HostTools,
  news: FcosHostInputs,
  olds: FcosState | undefined,
): Promise<Outcome<FcosState>> {
  const context = contextFor(tools, news, olds);
  return runFlow<FcosFacts, FcosContext, FcosState>({
    context,
    phase: olds?.phase ?? "",
    changesNothing: [preflight.name],
    observe: () => observe(context),
    plan: (facts, run) => begin(context, facts, run, olds),
    keepAttempt: async (facts, attempt) => {
      // A machine that was never confirmed is nobody's yet: nothing of a failed move may stay on it.
      if (facts.receipt?.machine !== context.spec.machine) return facts;
      const receipt = withAttempt(facts.receipt, attempt);
      await keepReceipt(context.session, receipt);
      return { ...facts, receipt };
    },
    recover: (failure) => recover(context, failure),
    explain: (error, run) => beforeTheGuardActs(error, run),
    stateOf: (facts, run) => stateOf(context, facts, run, olds),
  });
}

export function contextFor(
  { connect, progress }: HostTools,
  inputs: FcosHostInputs,
  olds: FcosState | undefined,
): FcosContext {
  return {
    spec: specOf(inputs),
    session: new HostSession(connect, waysOf(inputs), ["installed"], olds?.hostKeys),
    progress,
    notes: {},
  };
}

/** What is to be known of a run once it is clear what it will do. */
function begin(
  context: FcosContext,
  facts: FcosFacts,
  run: Run<FcosFacts>,
  olds: FcosState | undefined,
): Sequence {
  const sequence = plan(context, facts);
  if (context.lease !== undefined) context.lease.onDisk = true;
  noteWhereToGoBack(context, facts);
  tellOfItsOwnEtc(context, facts);
  const { rolledBack } = facts.guard;
  if (rolledBack !== "")
    context.progress.warning(`the guard of an earlier run acted on the machine: ${rolledBack}`);
  if (waitsForSomebody(context.spec, facts)) {
    context.progress.lasting(
      "reboot is manual: the image is only staged, whoever reboots the machine starts it, and the next pulumi up confirms it",
    );
  }
  const lost = lostReboot(context, facts, olds);
  if (lost !== undefined) {
    // Told once: with this state the next run begins anew.
    Object.assign(run, { phase: "", unfinished: "reboot", lasting: true });
    throw lost;
  }
  return sequence;
}

/**
 * An earlier run finalized it, or somebody queued a rollback to it: the disk does not tell which. Both times its /etc is
 * made already, and nothing merges what was changed since then.
 */
function tellOfItsOwnEtc({ spec, progress }: FcosContext, facts: FcosFacts): void {
  const next = nextOf(facts);
  if (next?.staged !== false || next.booted || !isWanted(next, spec)) return;
  const anew =
    facts.driver === "rpm-ostree"
      ? "; to take such changes along, run `rpm-ostree rollback` and `rpm-ostree cleanup -r` on the host before: then the image is staged anew"
      : "";
  progress.warning(
    `the next boot starts ${inWords(next)} already, with an /etc of its own: what was changed in /etc since it was finalized, or since it ran last, is not in it${anew}`,
  );
}

/** A new system that is lost while it is confirmed comes back by itself: who wants to keep it has that long. */
function beforeTheGuardActs(
  error: HostError,
  { facts, lost, unfinished }: Readonly<Run<FcosFacts>>,
): HostError {
  const isGuarded = facts?.guard.armedFor !== "" && afterTheReboot.includes(unfinished);
  if (!lost || !isGuarded || !isOutOfReach(error)) return error;
  return also(
    error,
    "",
    "run pulumi up again, which goes on from what is proved; if nobody does, the machine's guard takes it back to the earlier system",
  );
}

/**
 * What runs now; but an interrupted run, or somebody's reboot, may have brought it here. What was never confirmed is not
 * where a failure may lead.
 */
function noteWhereToGoBack({ notes, spec }: FcosContext, facts: FcosFacts): void {
  const booted = bootedOf(facts);
  const earlier = leftBehind(facts, spec);
  if (earlier === undefined) Object.assign(notes, { before: booted, kernelBefore: facts.kernelRelease });
  else Object.assign(notes, { before: earlier, kernelBefore: kernelOf(earlier), target: booted });
}

/** The guard that is armed for what runs knows where it came from; without one, what was confirmed last is that. */
function leftBehind(facts: FcosFacts, spec: FcosSpec): Deployment | undefined {
  const { guard, receipt, deployments } = facts;
  const booted = bootedOf(facts);
  if (booted !== undefined && guard.armedFor === booted.id)
    return deployments.find(({ id }) => id === guard.previous);
  const confirmed = receipt?.machine === spec.machine ? receipt.confirmed?.digest : undefined;
  const rollback = rollbackOf(facts);
  const isOnTrial = isWanted(booted, spec) && confirmed !== undefined && confirmed !== booted?.digest;
  return isOnTrial && rollback?.digest === confirmed ? rollback : undefined;
}

/** Somebody rebooted the machine into what was staged for that, and it did not come up. */
function lostReboot(
  { spec }: FcosContext,
  facts: FcosFacts,
  olds: FcosState | undefined,
): HostError | undefined {
  const wasStaged = olds?.phase === checkStaged.name && olds.__declared.digest === spec.digest;
  const booted = bootedOf(facts);
  if (!wasStaged || olds.bootId === facts.bootId || isWanted(booted, spec)) return undefined;
  const isThere = wantedOnDisk(facts, spec) !== undefined;
  if (facts.finalizeFailure === "" && !isThere) return undefined;
  const error = new HostError(facts.finalizeFailure === "" ? "fell-back" : "finalize-failed", {
    what: "the machine was rebooted into the staged deployment, but the old system came back",
    expected: shortDigest(spec.digest),
    seen: facts.finalizeFailure || inWords(booted),
    next: "look at the space in /boot and at the last boot's journal on the host, then run pulumi up again: it stages the image anew",
  });
  error.phase = "reboot";
  return error;
}
