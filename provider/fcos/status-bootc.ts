import { z } from "zod";
import { layeringOfOrigin, referenceOfOrigin } from "./layering";
import type { OstreeStatus } from "./ostree-status";
import { digestOf, jsonOf } from "./status-rpm-ostree";
import type { ListedDeployment } from "./types";

const signature = z.union([z.string(), z.looseObject({ ostreeRemote: z.string() })]);

const entry = z.looseObject({
  image: z
    .looseObject({
      image: z.looseObject({ image: z.string(), transport: z.string(), signature: signature.nullish() }),
      imageDigest: z.string(),
    })
    .nullish(),
  incompatible: z.boolean().default(false),
  pinned: z.boolean().default(false),
  downloadOnly: z.boolean().default(false),
  ostree: z
    .looseObject({ checksum: z.string(), deploySerial: z.number(), stateroot: z.string().default("") })
    .nullish(),
});
type Entry = z.infer<typeof entry>;

const document = z.looseObject({
  kind: z.literal("BootcHost"),
  status: z.looseObject({
    staged: entry.nullish(),
    booted: entry.nullish(),
    rollback: entry.nullish(),
    otherDeployments: z.array(entry).default([]),
    rollbackQueued: z.boolean().default(false),
  }),
});

export interface BootcStatus {
  deployments: ListedDeployment[];
  incompatible: boolean;
}

/** What bootc does not tell: it knows nothing of layers, nor of a deployment that is unlocked and not booted. */
export interface BesideBootc {
  ostree: OstreeStatus;
  /** A deployment's id → its origin file. */
  origins: ReadonlyMap<string, string>;
}

/** Reads `bootc status --format=json`; undefined when it is something else. */
export function parseBootcStatus(text: string, beside: BesideBootc): BootcStatus | undefined {
  const { data } = document.safeParse(jsonOf(text));
  if (data === undefined) return undefined;
  const { staged, booted, rollback, otherDeployments, rollbackQueued } = data.status;
  const settled = rollbackQueued ? [rollback, booted] : [booted, rollback];
  const entries = [staged, ...settled, ...otherDeployments].filter((found) => found?.ostree);
  return {
    deployments: (entries as Entry[]).map((found) => ({
      ...deploymentOf(found, beside),
      booted: found === booted,
      staged: found === staged,
    })),
    incompatible: booted?.incompatible === true || staged?.incompatible === true,
  };
}

function deploymentOf(
  found: Entry,
  { ostree, origins }: BesideBootc,
): Omit<ListedDeployment, "booted" | "staged"> {
  const { checksum = "", deploySerial = 0, stateroot = "" } = found.ostree ?? {};
  const id = `${checksum}.${deploySerial}`;
  const origin = origins.get(id) ?? "";
  const reference = found.image ? referenceOf(found.image.image) : referenceOfOrigin(origin);
  const layering = layeringOfOrigin(origin);
  return {
    id,
    stateroot: stateroot || (ostree.get(id)?.stateroot ?? ""),
    // Of an image index the recorded one is this architecture's own; the pull has checked the named one.
    digest: digestOf(reference) || (found.image?.imageDigest ?? ""),
    reference,
    ...(found.downloadOnly && { locked: true }),
    pinned: found.pinned,
    unlocked: ostree.get(id)?.unlocked ?? "none",
    layering:
      layering.length === 0 && found.incompatible ? ["something that bootc does not understand"] : layering,
  };
}

/** As rpm-ostree and the origin file say it. */
function referenceOf(image: NonNullable<Entry["image"]>["image"]): string {
  const name =
    image.transport === "registry" ? `docker://${image.image}` : `${image.transport}:${image.image}`;
  if (!image.signature || image.signature === "insecure") {
    return image.transport === "registry"
      ? `ostree-unverified-registry:${image.image}`
      : `ostree-unverified-image:${name}`;
  }
  if (typeof image.signature === "string") return `ostree-image-signed:${name}`;
  return `ostree-remote-image:${image.signature.ostreeRemote}:${name}`;
}
