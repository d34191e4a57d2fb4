import type { RunLocal } from "../core/shell";
import type { DiskContent } from "../host/disk-content";
import type { HostContext } from "../host/flow";
import { observeHost } from "../host/observe";
import type { Candidates, Installer } from "./kexec-candidates";
import { nixosProbe, parseNixosFacts, type NixosFacts } from "./facts";
import type { NixosSpec } from "./spec";

/** What every phase of a NixOS host works with. */
export interface NixosContext extends HostContext {
  spec: NixosSpec;
  runLocal: RunLocal;
  notes: Notes;
}

/** What one phase learned and a later one needs. */
export interface Notes {
  /** The bundle that was rehearsed last, and what is left to try after it. */
  installer?: Installer;
  candidates?: Candidates;
  /** The disks as the old system saw them. */
  disksBefore?: readonly DiskRecord[];
  /** The disks as the state showed them when the reinstall was agreed to. */
  disksAgreed?: readonly DiskRecord[];
  /** What the host is to build for itself. */
  derivations?: Derivation[];
  /** disko began, now or in an earlier run that the state knows of: the disks hold nothing whole. */
  diskoBegan?: boolean;
  /** The machine runs a NixOS that stays: nothing is installed. */
  updating?: boolean;
  /** A machine that this resource did not install becomes its own. */
  adopting?: boolean;
  /** The reboot into the installed system was ordered and nothing of it was seen yet. */
  rebooting?: boolean;
}

/** A derivation in the store here, and the path that its build must give. */
export interface Derivation {
  drvPath: string;
  outPath: string;
}

/** What the state remembers of an earlier run, if there was one. */
export interface Earlier {
  /** The install whose disks were written; empty before the first wipe. */
  installKey: string;
  /** The install whose disko began, while it is not proved to its end. */
  begun?: string | undefined;
}

/** A disk as it stands in the state: what it is called, and what it was recognised by. */
export interface DiskRecord {
  device: string;
  serial: string;
  wwn: string;
  model: string;
  sizeBytes: number;
  /** What was on it when it was last seen. */
  holds: string;
  /** The same by identifiers; not in states of older versions, nor where lsblk shows none. */
  content?: DiskContent;
}

export function observe(context: Pick<NixosContext, "session" | "spec" | "lease">): Promise<NixosFacts> {
  const { spec } = context;
  const probe = nixosProbe({
    toplevel: spec.toplevel,
    devices: [...spec.disks.map((disk) => disk.device), ...spec.inputs.layout.kept],
  });
  return observeHost(context, probe, parseNixosFacts);
}
