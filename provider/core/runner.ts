import { within } from "./deadline";
import { asHostError, HostError } from "./errors";
import type { Phase } from "./phase";
import type { Progress } from "./progress";

export interface RunnerHooks<Facts> {
  /** Gathers the facts anew; called after every phase that ran. */
  observe(): Promise<Facts>;
  progress: Progress;
  /** After a phase proved itself, before the next one begins. */
  onProved(phase: string, facts: Facts): Promise<void>;
  /** After a phase failed; must not throw. */
  onFailed(phase: string, error: HostError): Promise<void>;
}

/** Runs what is missing of a sequence, each phase proved by fresh facts before the next one begins. */
export async function runPhases<Facts, Context>(
  phases: readonly Phase<Facts, Context>[],
  context: Context,
  facts: Facts,
  hooks: RunnerHooks<Facts>,
): Promise<Facts> {
  const { progress } = hooks;
  for (const [index, phase] of phases.entries()) {
    if (phase.isDone(facts, context)) continue;
    const warning = phase.pastNoReturn ? " (must not be interrupted)" : "";
    progress.begin(index + 1, phases.length, phase.name + warning);
    try {
      facts = await prove(phase, context, facts, hooks);
    } catch (thrown) {
      const error = asHostError(thrown);
      error.phase ??= phase.name;
      await hooks.onFailed(phase.name, error);
      throw error;
    }
  }
  return facts;
}

async function prove<Facts, Context>(
  phase: Phase<Facts, Context>,
  context: Context,
  before: Facts,
  hooks: RunnerHooks<Facts>,
): Promise<Facts> {
  await within(phase.deadlineSeconds(context), phase.name, phase.run(context, before));
  const after = await hooks.observe();
  const verdict = phase.verify(after, context, before);
  if ("code" in verdict) throw new HostError(verdict.code, verdict);
  if (verdict.proved) hooks.progress.lasting(`${phase.name}: ${verdict.proved}`);
  await hooks.onProved(phase.name, after);
  return after;
}
