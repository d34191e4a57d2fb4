import type { HostError } from "../core/errors";
import { runFlow, type HostTools, type Outcome, type Run } from "../host/flow";
import type { RunLocal } from "../core/shell";
import { keepReceipt, withAttempt } from "../host/receipt";
import { HostSession, isOutOfReach } from "../host/session";
import { adoptionInWords, isAdoption } from "./adoption";
import { observe, type NixosContext } from "./context";
import { recordDisks } from "./disk-check";
import { announcedHostKeys } from "./given-host-keys";
import { isInstaller, isNixos, type NixosFacts } from "./facts";
import { noSystem } from "./half-way";
import { diskoBegan, installReceipt, receiptSays } from "./install-receipt";
import { plan } from "./plan";
import type { InstallReceipt } from "./receipt";
import type { NixosHostInputs } from "./schema";
import { updateSequence, type Sequence } from "./sequences";
import { installKey, specOf, waysOf } from "./spec";
import { isInstalled, stateOf, type HostState } from "./state";

export interface NixosTools extends HostTools {
  runLocal: RunLocal;
}

const changesNothing = ["files", "preflight", "store check", "build", "copy"];
const kept = ["kexec", "disko", "install"];

/** Create, update, resume and rollback of a NixOS host. */
export function deploy(
  tools: NixosTools,
  news: NixosHostInputs,
  olds: HostState | undefined,
): Promise<Outcome<HostState>> {
  const context = contextFor(tools, news, olds);
  return runFlow<NixosFacts, NixosContext, HostState>({
    context,
    phase: olds?.phase ?? "",
    changesNothing,
    provedHarmless: ["silent-kexec-failure", "kexec-load-failed"],
    begin: async () => context.session.announce(await announcedHostKeys(news.install)),
    observe: () => observe(context),
    plan(facts, run) {
      const sequence = plan(context, facts, olds?.__installed);
      begin(context, facts, run, sequence, olds);
      return sequence;
    },
    onProved: (phase, facts) => noteProved(context, phase, facts),
    onFailed: (phase, run) => {
      // An installer that was there already needed no kexec: the last system's end is not where this run stands.
      if (context.notes.diskoBegan && kept.includes(phase))
        run.phase = kept[kept.indexOf(phase) - 1] ?? run.phase;
    },
    async keepAttempt(facts, attempt) {
      if (!(isInstaller(facts) || isNixos(facts))) return facts;
      return keep(context, facts, withAttempt(ownReceipt(context, facts), attempt));
    },
    explain: (error, run) => honest(context, run, error),
    stateOf: (facts, run) => stateOf(context, facts, run, olds),
  });
}

export function contextFor(
  tools: NixosTools,
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

/** What is to be known of a run once it is clear what it will do. */
function begin(
  context: NixosContext,
  facts: NixosFacts,
  run: Run<NixosFacts>,
  sequence: Sequence,
  olds: HostState | undefined,
): void {
  const { lease, notes, progress, spec } = context;
  notes.updating = sequence === updateSequence;
  if (lease !== undefined) lease.onDisk = notes.updating;
  if (!notes.updating) {
    // How far this install is, the machine's own receipt says; the state may be of before it.
    run.phase = kept.filter((phase) => receiptSays(facts, context, phase)).at(-1) ?? run.phase;
    if (diskoBegan(facts, context) && !receiptSays(facts, context, "install")) notes.diskoBegan = true;
  }
  notes.adopting = notes.updating && isAdoption(context, facts, olds?.__installed);
  if (!notes.adopting) return;
  notes.disksBefore = recordDisks(facts, spec.disks);
  progress.lasting(adoptionInWords(spec, facts));
}

async function noteProved(context: NixosContext, phase: string, facts: NixosFacts): Promise<NixosFacts> {
  const isNew = context.notes.updating === true && isNixos(facts) && !receiptSays(facts, context, "install");
  if (!kept.includes(phase) && !isNew) return facts;
  const done = isNew ? kept : kept.slice(0, kept.indexOf(phase) + 1);
  return keep(context, facts, installReceipt(context, facts, [...done]));
}

async function keep(
  { session }: NixosContext,
  facts: NixosFacts,
  receipt: InstallReceipt,
): Promise<NixosFacts> {
  await keepReceipt(session, receipt, { installer: isInstaller(facts), mounted: facts.target.mounted });
  return { ...facts, receipt };
}

/** That of another resource is not written to: it is replaced when its machine becomes ours. */
function ownReceipt(context: NixosContext, facts: NixosFacts): InstallReceipt {
  const { receipt } = facts;
  return receipt?.machine === context.spec.machine ? receipt : installReceipt(context, facts, []);
}

/** Whoever may have no system any more must read so, in this run and in every later one that cannot reach it. */
function honest(context: NixosContext, run: Readonly<Run<NixosFacts>>, error: HostError): HostError {
  const unseen = run.facts === undefined || run.lost;
  const halfWay = context.notes.diskoBegan === true && ["", ...kept.slice(0, 2)].includes(run.phase);
  return unseen && halfWay && isOutOfReach(error) ? noSystem(context.spec, error) : error;
}
