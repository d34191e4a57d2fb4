import { asHostError, type HostError } from "../core/errors";
import type { Progress } from "../core/progress";
import { runPhases } from "../core/runner";
import type { Connect, RunLocal } from "../core/shell";
import { keepReceipt, withAttempt } from "../host/receipt";
import { HostSession } from "../host/session";
import { observe, type NixosContext } from "./context";
import { isInstaller, isNixos, type NixosFacts } from "./facts";
import { installReceipt } from "./install-receipt";
import { plan } from "./plan";
import type { NixosHostInputs } from "./schema";
import { specOf, waysOf } from "./spec";
import { isInstalled, stateOf, type HostState } from "./state";

export interface HostTools {
  connect: Connect;
  runLocal: RunLocal;
  progress: Progress;
}

/** Where a run ended: the state to keep, and the error if it did not reach its end. */
export interface Outcome {
  /** Undefined: nothing lasting happened, what was known before is still the truth. */
  state: HostState | undefined;
  error: HostError | undefined;
}

/** observe → plan → run the missing phases → confirm → the state: create, update, resume and rollback alike. */
export async function deploy(
  tools: HostTools,
  news: NixosHostInputs,
  olds: HostState | undefined,
): Promise<Outcome> {
  const context = contextFor(tools, news, olds);
  const run: Run = { facts: undefined, phase: olds?.phase ?? "", unfinished: "", lasting: false };
  try {
    run.facts = await observe(context);
    const sequence = plan(context, run.facts, olds && { installKey: olds.__installed.installKey });
    run.facts = await runPhases(sequence, context, run.facts, {
      progress: tools.progress,
      observe: () => observe(context),
      onProved: (phase, facts) => proved(context, run, phase, facts),
      onFailed: (phase, error) => failed(context, run, phase, error),
    });
    run.phase = sequence.at(-1)?.name ?? run.phase;
    return { state: stateOf(context, run.facts, run, olds), error: undefined };
  } catch (thrown) {
    const error = asHostError(thrown);
    const keep = run.lasting && run.facts !== undefined;
    return { state: keep ? stateOf(context, run.facts as NixosFacts, run, olds) : undefined, error };
  } finally {
    await context.session.end();
  }
}

export function contextFor(
  tools: HostTools,
  inputs: NixosHostInputs,
  olds: HostState | undefined,
): NixosContext {
  // A machine that was installed is looked for where the installed system is; a new one where the old system is.
  const order =
    olds && isInstalled(olds)
      ? (["installed", "installer", "old"] as const)
      : (["old", "installer", "installed"] as const);
  return {
    ...tools,
    spec: specOf(inputs),
    session: new HostSession(tools.connect, waysOf(inputs), order, olds?.hostKeys),
    notes: {},
  };
}

interface Run {
  facts: NixosFacts | undefined;
  /** The last phase that was proved. */
  phase: string;
  /** The phase that failed. */
  unfinished: string;
  /** Something on the machine changed for good, or nobody knows whether it did. */
  lasting: boolean;
}

const changesNothing = ["preflight", "build", "copy"];
const provedHarmless = ["silent-kexec-failure", "kexec-load-failed"];
const kept = ["kexec", "disko", "install"];

async function proved(context: NixosContext, run: Run, phase: string, facts: NixosFacts): Promise<void> {
  run.facts = facts;
  if (changesNothing.includes(phase)) return;
  run.phase = phase;
  run.lasting = true;
  if (!kept.includes(phase)) return;
  const done = kept.slice(0, kept.indexOf(phase) + 1);
  const place = { installer: isInstaller(facts), mounted: facts.target.mounted };
  await keepReceipt(context.session, installReceipt(context, facts, done), place);
}

/** Leaves a note in the machine's own journal, and looks once more, so that the state is true. */
async function failed(context: NixosContext, run: Run, phase: string, error: HostError): Promise<void> {
  run.unfinished = phase;
  run.lasting ||= !changesNothing.includes(phase) && !provedHarmless.includes(error.code);
  if (!run.lasting) return;
  try {
    const facts = await observe(context);
    run.facts = facts;
    if (!(isInstaller(facts) || isNixos(facts))) return;
    const receipt = withAttempt(facts.receipt ?? installReceipt(context, facts, []), {
      at: new Date().toISOString(),
      phase,
      code: error.code,
    });
    const place = { installer: isInstaller(facts), mounted: facts.target.mounted };
    await keepReceipt(context.session, receipt, place);
    run.facts = { ...facts, receipt };
  } catch {
    // Out of reach: the error that is on its way says more.
  }
}
