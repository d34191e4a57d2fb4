/** One system on the disk of an ostree machine, or staged to become one. */
export interface HostDeployment {
  /** `sha256:…`; empty for one that no container image made. */
  digest: string;
  kernelRelease: string;
  /** `staged`: becomes the next system when the machine reboots. `rollback`: the one that a rollback takes. */
  role: "booted" | "staged" | "rollback" | "other";
  /** Kept until it is unpinned: the one that was confirmed last. */
  pinned: boolean;
}

/** An image that was confirmed on the machine. */
export interface ConfirmedImage {
  digest: string;
  kernelRelease: string;
  /** ISO 8601, UTC. */
  at: string;
}
