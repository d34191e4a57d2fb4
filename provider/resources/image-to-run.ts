import * as pulumi from "@pulumi/pulumi";
import { formatReference, parseReference } from "../core/image-reference";
import { pathText } from "../runtime/inputs";
import { nearestKey } from "../runtime/nearest-key";

/** What a machine is to run, as the engine can compare and show it. */
export interface ImageToRun {
  /** `registry/repository@sha256:…`; what cannot be read as one goes on as it is, for `check` to name it. */
  reference: pulumi.Output<unknown>;
  digest: pulumi.Output<string>;
  /** Undefined: whatever kernel the image has. */
  kernelRelease: pulumi.Output<unknown>;
  /** What was written and means nothing, in words. */
  error: pulumi.Output<string | undefined>;
}

/** An image of ours, one with its kernel, or a reference alone; each of its parts may not be known yet. */
export function imageToRun(image: unknown): ImageToRun {
  const isPlain = isObject(image) && !isLater(image);
  const { whole, kernelRelease } = isPlain ? partsOf(image) : laterParts(image);
  const reference = whole.apply(withoutTag);
  const error = isPlain ? pulumi.output(misspelt(image)) : later(image).apply(misspelt);
  return { reference, digest: reference.apply(digestOf), kernelRelease, error };
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
  const whole = later(image);
  return {
    whole: whole.apply((value) => (isObject(value) ? (value["reference"] ?? value) : value)),
    kernelRelease: whole.apply((value) => (isObject(value) ? value["kernelRelease"] : undefined)),
  };
}

const known = ["reference", "kernelRelease"];

/** Of an object that a program writes; a resource, also one of another stack, has properties of its own. */
function misspelt(image: unknown): string | undefined {
  if (!isObject(image) || Object.getPrototypeOf(image) !== Object.prototype || "urn" in image)
    return undefined;
  const unknown = Object.keys(image).filter((key) => !known.includes(key));
  return unknown.length === 0 ? undefined : unknown.map(notKnown).join("\n");
}

function notKnown(key: string): string {
  const meant = nearestKey(key, known);
  const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${meant}?`;
  return `${pathText(["image", key])} is not a known property; ${hint}`;
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
