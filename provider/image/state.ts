import { parseReference } from "../core/image-reference";
import type { ImageInputs } from "./schema";
import type { InitramfsRecord, InspectionResult } from "./types";

/** What the Pulumi state holds of an image: its inputs, and what was made. Every key is plain JSON. */
export interface ImageState extends ImageInputs {
  /** `registry/repository@sha256:…`: what machines are moved to. */
  reference: string;
  digest: string;
  initramfs: InitramfsRecord;
  /** How every inspection ended before the push. */
  inspections: InspectionResult[];
  /** Of all layers as the registry keeps them. */
  sizeBytes: number;
  containerfile: string;
  /** All tags that were set on the digest: those of the inputs, and the one of its own. */
  tags: string[];
  /** Keeps the digest from the registry's garbage collection; no other build has the same. */
  ownTag: string;
  /** Digest of the signature in the registry; empty: there is none. */
  signature: string;
  __stateVersion: 1;
}

/** What a build ends with. */
export type BuiltImage = Pick<
  ImageState,
  | "digest"
  | "reference"
  | "kernelRelease"
  | "initramfs"
  | "inspections"
  | "sizeBytes"
  | "containerfile"
  | "tags"
  | "ownTag"
  | "signature"
>;

export function stateOf(inputs: ImageInputs, built: BuiltImage): ImageState {
  return { ...inputs, ...built, published: true, __stateVersion: 1 };
}

/** The same image, with other inputs that do not decide about what is in it. */
export function withInputs(
  state: ImageState,
  inputs: ImageInputs,
  { tags, signature }: Pick<ImageState, "tags" | "signature">,
): ImageState {
  const { reference, digest, initramfs, inspections, sizeBytes, containerfile, ownTag } = state;
  const { kernelRelease, published } = state;
  const built = {
    reference,
    digest,
    initramfs,
    inspections,
    sizeBytes,
    containerfile,
    ownTag,
    kernelRelease,
  };
  return { ...stateOf(inputs, { ...built, tags, signature }), published };
}

/** The registry's host, and the path in it. */
export function placeOf({ registry }: Pick<ImageInputs, "registry">): {
  registry: string;
  repository: string;
} {
  const place = parseReference(registry.repository);
  if (place === undefined) throw new Error("checked inputs name a repository");
  return place;
}
