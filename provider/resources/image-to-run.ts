import * as pulumi from "@pulumi/pulumi";
import { formatReference, parseReference } from "../core/image-reference";

/** What a machine is to run, as the engine can compare and show it. */
export interface ImageToRun {
  /** `registry/repository@sha256:…`; what cannot be read as one goes on as it is, for `check` to name it. */
  reference: pulumi.Output<unknown>;
  digest: pulumi.Output<string>;
  /** Undefined: whatever kernel the image has. */
  kernelRelease: pulumi.Output<unknown>;
}

/** An image of ours, one with its kernel, or a reference alone; each of its parts may not be known yet. */
export function imageToRun(image: unknown): ImageToRun {
  const { whole, kernelRelease } = isObject(image) && !isLater(image) ? partsOf(image) : laterParts(image);
  const reference = whole.apply(withoutTag);
  return { reference, digest: reference.apply(digestOf), kernelRelease };
}

interface Parts {
  whole: pulumi.Output<unknown>;
  kernelRelease: pulumi.Output<unknown>;
}

/** Each by itself: of an image that is built first the kernel is known, and the digest is not. */
function partsOf(image: Record<string, unknown>): Parts {
  return {
    whole: later("reference" in image ? image["reference"] : image),
    kernelRelease: later(image["kernelRelease"]),
  };
}

function laterParts(image: unknown): Parts {
  const known = later(image);
  return {
    whole: known.apply((value) => (isObject(value) ? (value["reference"] ?? value) : value)),
    kernelRelease: known.apply((value) => (isObject(value) ? value["kernelRelease"] : undefined)),
  };
}

/** rpm-ostree refuses a tag beside a digest. */
function withoutTag(reference: unknown): unknown {
  if (typeof reference !== "string") return reference;
  const { registry, repository, digest } = parseReference(reference) ?? {};
  return registry === undefined || repository === undefined || digest === undefined
    ? reference
    : formatReference({ registry, repository, digest });
}

function digestOf(reference: unknown): string {
  return typeof reference === "string" ? (parseReference(reference)?.digest ?? "") : "";
}

function later(value: unknown): pulumi.Output<unknown> {
  return pulumi.output(value);
}

function isLater(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
