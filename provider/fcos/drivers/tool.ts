import type { WantedArguments } from "../kernel-arguments";
import type { DriverName, FcosSpec } from "../types";

export interface Pull {
  /** `registry/repository@sha256:…`. */
  reference: string;
  transport: FcosSpec["transport"];
  /** The ostree remote whose keys sign the commits; only with transport remote-registry. */
  remote: string | undefined;
}

/** What the host's own tool is told to do, as texts for its shell. Each fails with a code that is not 0. */
export interface Driver {
  name: DriverName;
  /** Fetches an image and stages it; long, so for a job. */
  pull(order: Pull): string;
  /** Drops what is staged. */
  dropStaged: string;
  /** Queues the other system that the tool has in mind: see makeNext, which gets the wanted one. */
  rollback: string;
  /** Arguments for the next boot; a tool that cannot set them has none. */
  kernelArguments?: (wanted: WantedArguments) => string;
}
