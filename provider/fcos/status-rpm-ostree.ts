import { z } from "zod";
import { layeringOfStatus } from "./layering";
import type { ListedDeployment } from "./types";

const deployment = z.looseObject({
  checksum: z.string(),
  serial: z.number(),
  osname: z.string(),
  booted: z.boolean().default(false),
  staged: z.boolean().default(false),
  "finalization-locked": z.boolean().default(false),
  pinned: z.boolean().default(false),
  unlocked: z.string().default("none"),
  "container-image-reference": z.string().default(""),
  "container-image-reference-digest": z.string().optional(),
});

const document = z.looseObject({
  deployments: z.array(deployment),
  /** Title, client, path; null while none runs. */
  transaction: z.tuple([z.string()], z.unknown()).nullish(),
  "update-driver": z.looseObject({ "driver-name": z.string(), "driver-sd-unit": z.string() }).nullish(),
});

export interface RpmOstreeStatus {
  deployments: ListedDeployment[];
  transaction: string;
  registeredDriver: { name: string; unit: string } | undefined;
}

/** Reads `rpm-ostree status --json`; undefined when it is something else. */
export function parseRpmOstreeStatus(text: string): RpmOstreeStatus | undefined {
  const { data } = document.safeParse(jsonOf(text));
  if (data === undefined) return undefined;
  const driver = data["update-driver"];
  return {
    deployments: data.deployments.map((found) => ({
      id: `${found.checksum}.${found.serial}`,
      stateroot: found.osname,
      // Of an image index the recorded one is this architecture's own; the pull has checked the named one.
      digest:
        digestOf(found["container-image-reference"]) || (found["container-image-reference-digest"] ?? ""),
      reference: found["container-image-reference"],
      booted: found.booted,
      staged: found.staged,
      ...(found["finalization-locked"] && { locked: true }),
      pinned: found.pinned,
      unlocked: found.unlocked,
      layering: layeringOfStatus(found),
    })),
    transaction: data.transaction?.[0] ?? "",
    registeredDriver: driver ? { name: driver["driver-name"], unit: driver["driver-sd-unit"] } : undefined,
  };
}

/** What a reference itself says. */
export function digestOf(reference: string): string {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? "";
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
