import type { Progress } from "../core/progress";
import type { RunLocal } from "../core/shell";
import { HostError } from "../core/errors";
import type { HostLease } from "../host/lease";
import { parseSections, section, text } from "../host/probe";
import type { DiskContent } from "../host/disk-content";
import type { HostSession } from "../host/session";
import type { Candidates, Installer } from "./kexec-candidates";
import { nixosProbe, parseNixosFacts, type NixosFacts } from "./facts";
import type { NixosSpec } from "./spec";

/** What every phase of a NixOS host works with. */
export interface NixosContext {
  spec: NixosSpec;
  session: HostSession;
  progress: Progress;
  runLocal: RunLocal;
  notes: Notes;
  /** Only a run that may change the machine has one; a mere look has none. */
  lease?: HostLease;
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

/** One probe, one command, one connection. A run's lease is renewed by the same command, before it looks. */
export async function observe(
  context: Pick<NixosContext, "session" | "spec" | "lease">,
): Promise<NixosFacts> {
  const { session, spec, lease } = context;
  const probe = nixosProbe({
    toplevel: spec.toplevel,
    devices: [...spec.disks.map((disk) => disk.device), ...spec.inputs.layout.kept],
  });
  const script =
    lease === undefined ? probe : `${section("lease", `(${await lease.script()}\n) 2>&1`)}\n${probe}`;
  const result = await session.run(script, { deadlineSeconds: 60 });
  const facts = parseNixosFacts(result.stdout);
  if (facts.bootId === "" || facts.kernelRelease === "") {
    throw new HostError("command-failed", {
      what: "the probe gave no boot_id and no kernel release",
      expected: "a Linux host with /proc",
      seen: result.stderr.trim() || result.stdout.slice(0, 200) || "nothing",
    });
  }
  const mine = await lease?.isMine(text(parseSections(result.stdout), "lease"));
  return mine === false ? observe(context) : facts;
}
