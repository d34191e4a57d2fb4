import { historyWith } from "../host/history";
import type { Attempt } from "../host/receipt";
import type { DiskRecord, NixosContext } from "./context";
import { recordDisks } from "./disk-check";
import { observedKeys } from "./drift";
import { isNixos, type NixosFacts } from "./facts";
import { diskoBegan, receiptSays } from "./install-receipt";
import type { NixosHostInputs } from "./schema";
import type { NixosSpec } from "./spec";

/** What the Pulumi state holds of a host: its inputs, and what was observed. Every key is plain JSON. */
export interface HostState extends NixosHostInputs {
  /** The last phase that was proved; "confirm" is the end. */
  phase: string;
  /** The phase that failed, when the last run did not reach its end. */
  unfinished: string;
  /** The keys that the machine is known by. */
  hostKeys: string[];
  machineId: string;
  bootId: string;
  /** Where /run/booted-system points; after a live switch that is an older system with the same kernel. */
  bootedSystem: string;
  disks: DiskRecord[];
  /** The installer that worked; empty when none was needed. */
  kexecImage: KexecImageRecord;
  /** The last systems that were confirmed, newest first. */
  history: Deployment[];
  /** Failed attempts, from the machine's own journal. */
  attempts: Attempt[];
  /**
   * The install whose layout is on the disks; empty before the first wipe. `begun`: the install whose disko began,
   * while it is not proved that its system would boot.
   */
  __installed: { installKey: string; begun?: string };
  /** What was declared when the state was written: the two-sided keys hold what was observed. */
  __declared: { toplevel: string; kernelRelease: string };
  __stateVersion: 1;
}

export interface KexecImageRecord {
  sha256: string;
  kernelRelease: string;
  /** The path, URL or flake; not in states of older versions. */
  source?: string;
}

export interface Deployment {
  toplevel: string;
  kernelRelease: string;
  at: string;
}

export function stateOf(
  context: NixosContext,
  facts: NixosFacts,
  run: { phase: string; unfinished: string },
  olds: HostState | undefined,
): HostState {
  const { spec, session, notes } = context;
  const { phase, unfinished } = run;
  const { toplevel } = spec;
  const wiped =
    receiptSays(facts, context, "disko") || (phase === "confirm" && unfinished === "" && isNixos(facts));
  const begun = isHalfWay(phase) && diskoBegan(facts, context);
  return {
    ...spec.inputs,
    ...observedKeys(facts, toplevel),
    phase,
    unfinished,
    hostKeys: [...session.hostKeys],
    machineId: facts.machineId,
    bootId: facts.bootId,
    bootedSystem: facts.bootedSystem,
    disks: (wiped && disksSeen(facts, spec)) || [
      ...(notes.disksBefore ?? olds?.disks ?? recordDisks(facts, spec.disks)),
    ],
    kexecImage: notes.installer
      ? withoutInit(notes.installer)
      : (olds?.kexecImage ?? { sha256: "", kernelRelease: "" }),
    history:
      phase === "confirm"
        ? historyWith(olds?.history ?? [], { toplevel, kernelRelease: facts.kernelRelease }, "toplevel")
        : (olds?.history ?? []),
    attempts: facts.receipt?.attempts ?? [],
    __installed: {
      installKey: wiped ? spec.installKey : begun ? "" : (olds?.__installed.installKey ?? ""),
      ...(begun ? { begun: spec.installKey } : {}),
    },
    __declared: { toplevel, kernelRelease: spec.kernelRelease },
    __stateVersion: 1,
  };
}

function withoutInit({
  init: _,
  ...record
}: NonNullable<NixosContext["notes"]["installer"]>): KexecImageRecord {
  return record;
}

/** What is on the disks now; undefined while they cannot all be seen. */
export function disksSeen(facts: NixosFacts, spec: NixosSpec): DiskRecord[] | undefined {
  const records = recordDisks(facts, spec.disks);
  return records.length === spec.disks.length ? records : undefined;
}

/** No install of it is proved. */
function isHalfWay(phase: string): boolean {
  return ["", "kexec", "disko"].includes(phase);
}

/** The declared system, or an earlier one, runs from the disk: drift can be told. */
export function isInstalled(state: HostState): boolean {
  return !["", "kexec", "disko", "install"].includes(state.phase);
}
