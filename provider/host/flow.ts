import { asHostError, type ErrorCode, type HostError } from "../core/errors";
import type { Phase } from "../core/phase";
import type { Progress } from "../core/progress";
import { runPhases } from "../core/runner";
import type { Connect } from "../core/shell";
import { HostLease } from "./lease";
import type { Attempt } from "./receipt";
import { isOutOfReach, type HostSession } from "./session";

export interface HostTools {
  connect: Connect;
  progress: Progress;
}

/** What the phases of every kind of host work with. */
export interface HostContext {
  spec: { machine: string; deadlines: { bootSeconds: number } };
  session: HostSession;
  progress: Progress;
  /** Only a run that may change the machine has one; a mere look has none. */
  lease?: HostLease;
}

/** Where a run ended: the state to keep, and the error if it did not reach its end. */
export interface Outcome<State> {
  /** Undefined: nothing lasting happened, what was known before is still the truth. */
  state: State | undefined;
  error: HostError | undefined;
}

/** How far a run is. */
export interface Run<Facts> {
  /** What was seen last; undefined before the first look. */
  facts: Facts | undefined;
  /** The last phase that was proved, by this run or by an earlier one. */
  phase: string;
  /** The phase that failed. */
  unfinished: string;
  /** Something on the machine changed for good, or nobody knows whether it did. */
  lasting: boolean;
  /** After the failure the machine did not answer any more. */
  lost: boolean;
}

/** A phase that may have changed the machine failed. */
export interface Failure<Facts> {
  phase: string;
  error: HostError;
  /** Seen after the failure; undefined: the machine did not answer any more, or not with anything that makes sense. */
  facts: Facts | undefined;
  run: Readonly<Run<Facts>>;
}

/** How a machine was left after a failed phase. */
export interface Recovery<Facts> {
  /** The machine is again what the earlier state says, and proved it: a plain error, and no new state. */
  undone: boolean;
  /** What the run ends with: the failure itself, or one that also tells what was done about it. */
  error: HostError;
  /** What the machine shows now, where that was looked up. */
  facts?: Facts | undefined;
}

/** What one kind of host brings to the flow that all of them share. */
export interface Flow<Facts, Context extends HostContext, State> {
  context: Context;
  /** The last phase that an earlier run proved; empty: there was none. */
  phase: string;
  /** Phases that leave the machine as it was, also when they fail. */
  changesNothing: readonly string[];
  /** Failures of other phases that are proved to have changed nothing. */
  provedHarmless?: readonly ErrorCode[];
  /** What must be known before the first look. */
  begin?(): Promise<void>;
  observe(): Promise<Facts>;
  /** What to run; throws what refuses it. What else is clear once that is known is noted here. */
  plan(facts: Facts, run: Run<Facts>): readonly Phase<Facts, Context>[];
  /** After a phase that changed something: leaves a note of it on the machine, and returns the facts with that note. */
  onProved?(phase: string, facts: Facts): Promise<Facts>;
  /** Corrects what the run says of itself, before the machine is looked at again. */
  onFailed?(phase: string, run: Run<Facts>): void;
  /** Writes the attempt into the machine's own journal, where it has one. */
  keepAttempt(facts: Facts, attempt: Attempt): Promise<Facts>;
  /** Takes the machine back, or tells why not. Has deadlines of its own; what it throws takes the failure's place. */
  recover?(failure: Failure<Facts>): Promise<Recovery<Facts>>;
  /** The last word on what the run ends with. */
  explain?(error: HostError, run: Readonly<Run<Facts>>): HostError;
  stateOf(facts: Facts, run: Readonly<Run<Facts>>): State;
}

/** observe → plan → run the missing phases → confirm → the state: create, update, resume and rollback alike. */
export async function runFlow<Facts, Context extends HostContext, State>(
  flow: Flow<Facts, Context, State>,
): Promise<Outcome<State>> {
  const { context } = flow;
  const lease = (context.lease = leaseOf(context));
  const run: Run<Facts> = {
    facts: undefined,
    phase: flow.phase,
    unfinished: "",
    lasting: false,
    lost: false,
  };
  let recovered: HostError | undefined;
  try {
    await flow.begin?.();
    const facts = await flow.observe();
    run.facts = facts;
    const sequence = flow.plan(facts, run);
    await runPhases(sequence, context, facts, {
      progress: context.progress,
      observe: () => flow.observe(),
      onProved: (phase, after) => proved(flow, run, phase, after),
      onFailed: async (phase, error) => {
        recovered = await failed(flow, run, phase, error);
      },
    });
    run.phase = sequence.at(-1)?.name ?? run.phase;
    return { state: flow.stateOf(run.facts, run), error: undefined };
  } catch (thrown) {
    const error = recovered ?? asHostError(thrown);
    return {
      state: run.lasting && run.facts !== undefined ? flow.stateOf(run.facts, run) : undefined,
      error: flow.explain?.(error, run) ?? error,
    };
  } finally {
    await lease.release();
    await context.session.end();
  }
}

function leaseOf({ session, spec, progress }: HostContext): HostLease {
  return new HostLease(session, {
    machine: spec.machine,
    bootSeconds: spec.deadlines.bootSeconds,
    onWait: (text) => progress.detail(text),
  });
}

async function proved<Facts, Context extends HostContext, State>(
  flow: Flow<Facts, Context, State>,
  run: Run<Facts>,
  phase: string,
  facts: Facts,
): Promise<void> {
  run.facts = facts;
  if (flow.changesNothing.includes(phase)) return;
  run.phase = phase;
  run.lasting = true;
  if (flow.onProved) run.facts = await flow.onProved(phase, facts);
}

/** Looks once more, so that the state is true, leaves a note in the machine's own journal, and takes it back. */
async function failed<Facts, Context extends HostContext, State>(
  flow: Flow<Facts, Context, State>,
  run: Run<Facts>,
  phase: string,
  error: HostError,
): Promise<HostError> {
  run.unfinished = phase;
  flow.onFailed?.(phase, run);
  run.lasting ||= !flow.changesNothing.includes(phase) && !flow.provedHarmless?.includes(error.code);
  if (!run.lasting) return error;
  let facts: Facts | undefined;
  try {
    run.facts = facts = await flow.observe();
    run.facts = facts = await flow.keepAttempt(facts, {
      at: new Date().toISOString(),
      phase,
      code: error.code,
    });
  } catch (thrown) {
    // The error that is on its way says more.
    run.lost = isOutOfReach(asHostError(thrown));
  }
  return recovered(flow, run, { phase, error, facts: run.lost ? undefined : facts, run });
}

async function recovered<Facts, Context extends HostContext, State>(
  flow: Flow<Facts, Context, State>,
  run: Run<Facts>,
  failure: Failure<Facts>,
): Promise<HostError> {
  if (flow.recover === undefined) return failure.error;
  let error: HostError;
  try {
    const recovery = await flow.recover(failure);
    ({ error } = recovery);
    run.facts = recovery.facts ?? run.facts;
    run.lasting = !recovery.undone;
  } catch (thrown) {
    error = asHostError(thrown);
  }
  error.phase ??= failure.phase;
  return error;
}
