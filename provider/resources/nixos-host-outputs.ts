/** A disk: what it is recognised by, and what is on it. */
export interface DiskRecord {
  device: string;
  serial: string;
  wwn: string;
  model: string;
  sizeBytes: number;
  /** What was on it when it was last seen. */
  holds: string;
  /** The same by identifiers: of the partition table, the partitions, the file systems right on them. */
  content?: { table?: string; partitions?: string[]; fileSystems?: string[] };
}

/** A system that was confirmed on the machine. */
export interface Deployment {
  toplevel: string;
  kernelRelease: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** A failed attempt: when, in which phase, with which error code. */
export interface FailedAttempt {
  at: string;
  phase: string;
  code: string;
}
