import type { Progress } from "../core/progress";
import type { RunLocal } from "../core/shell";
import { HostError } from "../core/errors";
import type { HostSession } from "../host/session";
import { nixosProbe, parseNixosFacts, type NixosFacts } from "./facts";
import type { NixosSpec } from "./spec";

/** What every phase of a NixOS host works with. */
export interface NixosContext {
  spec: NixosSpec;
  session: HostSession;
  progress: Progress;
  runLocal: RunLocal;
  notes: Notes;
}

/** What one phase learned and a later one needs. */
export interface Notes {
  /** The bundle's own `init=`, its kernel and its hash, from the rehearsal. */
  installer?: { init: string; kernelRelease: string; sha256: string };
  /** The disks as the old system saw them. */
  disksBefore?: readonly DiskRecord[];
  /** The reboot into the installed system was ordered and nothing of it was seen yet. */
  rebooting?: boolean;
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
}

/** One probe, one command, one connection. */
export async function observe(context: Pick<NixosContext, "session" | "spec">): Promise<NixosFacts> {
  const { session, spec } = context;
  const script = nixosProbe({
    toplevel: spec.toplevel,
    devices: [...spec.disks.map((disk) => disk.device), ...spec.inputs.layout.kept],
  });
  const result = await session.run(script, { deadlineSeconds: 60 });
  const facts = parseNixosFacts(result.stdout);
  if (facts.bootId === "" || facts.kernelRelease === "") {
    throw new HostError("command-failed", {
      what: "the probe gave no boot_id and no kernel release",
      expected: "a Linux host with /proc",
      seen: result.stderr.trim() || result.stdout.slice(0, 200) || "nothing",
    });
  }
  return facts;
}
