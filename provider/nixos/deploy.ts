import { asHostError, type HostError } from "../core/errors";
import type { Progress } from "../core/progress";
import { runPhases } from "../core/runner";
import type { Connect, RunLocal } from "../core/shell";
import { HostLease } from "../host/lease";
import { keepReceipt, withAttempt, type Receipt } from "../host/receipt";
import { HostSession } from "../host/session";
import { adoptionInWords, isAdoption } from "./adoption";
import { observe, type NixosContext } from "./context";
import { recordDisks } from "./disk-check";
import { announcedHostKeys } from "./given-host-keys";
import { isInstaller, isNixos, type NixosFacts } from "./facts";
import { isOutOfReach, noSystem } from "./half-way";
import { diskoBegan, installReceipt, receiptSays } from "./install-receipt";
import { plan } from "./plan";
import type { NixosHostInputs } from "./schema";
import { updateSequence, type Sequence } from "./sequences";
import { installKey, specOf, waysOf } from "./spec";
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
  const lease = (context.lease = leaseOf(context));
  const run: Run = {
    facts: undefined,
    phase: olds?.phase ?? "",
    unfinished: "",
    lasting: false,
    updating: false,
    lost: false,
  };
  try {
    context.session.announce(await announcedHostKeys(news.install));
    run.facts = await observe(context);
    const sequence = plan(context, run.facts, olds?.__installed);
    begin(context, run, sequence, olds);
    run.facts = await runPhases(sequence, context, run.facts, {
      progress: tools.progress,
      observe: () => observe(context),
      onProved: (phase, facts) => proved(context, run, phase, facts),
      onFailed: (phase, error) => failed(context, run, phase, error),
    });
    run.phase = sequence.at(-1)?.name ?? run.phase;
    return { state: stateOf(context, run.facts, run, olds), error: undefined };
  } catch (thrown) {
    const error = honest(context, run, asHostError(thrown));
    const keep = run.lasting && run.facts !== undefined;
    return { state: keep ? stateOf(context, run.facts as NixosFacts, run, olds) : undefined, error };
  } finally {
    await lease.release();
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
    notes: olds === undefined ? {} : notesOf(olds, installKey(inputs)),
  };
}

/** While an install is under way its disks hold neither what they did nor what they will. */
function notesOf(olds: HostState, key: string): NixosContext["notes"] {
  if (isInstalled(olds)) return { disksAgreed: olds.disks };
  return {
    ...(olds.disks.length > 0 && { disksBefore: olds.disks }),
    ...(olds.__installed.begun === key && { diskoBegan: true }),
  };
}

function leaseOf({ session, spec, progress }: NixosContext): HostLease {
  return new HostLease(session, {
    machine: spec.machine,
    bootSeconds: spec.deadlines.bootSeconds,
    onWait: (text) => progress.detail(text),
  });
}

/** What is to be known of a run once it is clear what it will do. */
function begin(context: NixosContext, run: Run, sequence: Sequence, olds: HostState | undefined): void {
  const { lease, notes, progress, spec } = context;
  const facts = run.facts as NixosFacts;
  run.updating = sequence === updateSequence;
  if (lease !== undefined) lease.onDisk = run.updating;
  if (!run.updating) {
    // How far this install is, the machine's own receipt says; the state may be of before it.
    run.phase = kept.filter((phase) => receiptSays(facts, context, phase)).at(-1) ?? run.phase;
    if (diskoBegan(facts, context) && !receiptSays(facts, context, "install")) notes.diskoBegan = true;
  }
  notes.adopting = run.updating && isAdoption(context, facts, olds?.__installed);
  if (!notes.adopting) return;
  notes.disksBefore = recordDisks(facts, spec.disks);
  progress.lasting(adoptionInWords(spec, facts));
}

interface Run {
  facts: NixosFacts | undefined;
  /** The last phase that was proved. */
  phase: string;
  /** The phase that failed. */
  unfinished: string;
  /** Something on the machine changed for good, or nobody knows whether it did. */
  lasting: boolean;
  /** The machine runs a NixOS that stays: nothing is installed. */
  updating: boolean;
  /** After the failure the machine did not answer any more. */
  lost: boolean;
}

const changesNothing = ["files", "preflight", "store check", "build", "copy"];
const provedHarmless = ["silent-kexec-failure", "kexec-load-failed"];
const kept = ["kexec", "disko", "install"];

async function proved(context: NixosContext, run: Run, phase: string, facts: NixosFacts): Promise<void> {
  run.facts = facts;
  if (changesNothing.includes(phase)) return;
  run.phase = phase;
  run.lasting = true;
  const isNew = run.updating && isNixos(facts) && !receiptSays(facts, context, "install");
  if (!kept.includes(phase) && !isNew) return;
  const done = isNew ? kept : kept.slice(0, kept.indexOf(phase) + 1);
  const place = { installer: isInstaller(facts), mounted: facts.target.mounted };
  const receipt = installReceipt(context, facts, [...done]);
  await keepReceipt(context.session, receipt, place);
  run.facts = { ...facts, receipt };
}

/** Leaves a note in the machine's own journal, and looks once more, so that the state is true. */
async function failed(context: NixosContext, run: Run, phase: string, error: HostError): Promise<void> {
  run.unfinished = phase;
  // An installer that was there already needed no kexec: the last system's end is not where this run stands.
  if (context.notes.diskoBegan && kept.includes(phase))
    run.phase = kept[kept.indexOf(phase) - 1] ?? run.phase;
  run.lasting ||= !changesNothing.includes(phase) && !provedHarmless.includes(error.code);
  if (!run.lasting) return;
  try {
    const facts = await observe(context);
    run.facts = facts;
    if (!(isInstaller(facts) || isNixos(facts))) return;
    const receipt = withAttempt(ownReceipt(context, facts), {
      at: new Date().toISOString(),
      phase,
      code: error.code,
    });
    const place = { installer: isInstaller(facts), mounted: facts.target.mounted };
    await keepReceipt(context.session, receipt, place);
    run.facts = { ...facts, receipt };
  } catch (thrown) {
    // The error that is on its way says more.
    run.lost = isOutOfReach(asHostError(thrown));
  }
}

/** That of another resource is not written to: it is replaced when its machine becomes ours. */
function ownReceipt(context: NixosContext, facts: NixosFacts): Receipt {
  const { receipt } = facts;
  return receipt?.machine === context.spec.machine ? receipt : installReceipt(context, facts, []);
}

/** Whoever may have no system any more must read so, in this run and in every later one that cannot reach it. */
function honest(context: NixosContext, run: Run, error: HostError): HostError {
  const unseen = run.facts === undefined || run.lost;
  const halfWay = context.notes.diskoBegan === true && ["", ...kept.slice(0, 2)].includes(run.phase);
  return unseen && halfWay && isOutOfReach(error) ? noSystem(context.spec, error) : error;
}
