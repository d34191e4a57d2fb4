import { parseReceipt, type Receipt } from "../host/receipt";

/** What an ostree machine keeps of what was done to it. */
export interface FcosReceipt extends Receipt {
  /** The system that was confirmed last. */
  confirmed?: { digest: string; kernelRelease: string };
  /** The deployment that we pinned for it; one that somebody else had pinned is none of ours. */
  pinned?: string;
  /** Deployments that we had pinned before, to be unpinned: a run that was killed meanwhile leaves them here. */
  unpin?: string[];
}

export function parseFcosReceipt(json: string): FcosReceipt | undefined {
  return parseReceipt(json, ({ confirmed, pinned, unpin }) => ({
    ...(isConfirmed(confirmed) && { confirmed }),
    ...(typeof pinned === "string" && { pinned }),
    ...(Array.isArray(unpin) && { unpin: unpin.filter((id) => typeof id === "string") }),
  }));
}

function isConfirmed(value: unknown): value is NonNullable<FcosReceipt["confirmed"]> {
  const { digest, kernelRelease } = (value ?? {}) as Record<string, unknown>;
  return typeof digest === "string" && typeof kernelRelease === "string";
}
