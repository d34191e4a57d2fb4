import type { Progress } from "../core/progress";
import type { RunLocal } from "../core/shell";

/** Where a bundle comes from: one of path, url and flake. */
export interface KexecImageReference {
  path?: string | undefined;
  url?: string | undefined;
  flake?: string | undefined;
  sha256?: string | undefined;
  architecture?: "x86_64" | "aarch64" | undefined;
}

/** What it takes to make a reference a local file. */
export interface ImageTools {
  progress: Progress;
  runLocal: RunLocal;
  nixArguments: readonly string[];
  deadlineSeconds: number;
}

/** How an image is called in the outputs and in messages: without a token that a reference or a signed URL may hold. */
export function imageName({ path, url = "", flake }: KexecImageReference): string {
  return path ?? flake?.replace(/(:\/\/)[^/@#]*@/, "$1") ?? url.replace(/[?#].*/s, "");
}

/** The declared images that are meant for a machine of this architecture, in order. */
export function imagesFor(
  images: readonly KexecImageReference[],
  architecture: string,
): readonly KexecImageReference[] {
  return images.filter((image) => image.architecture === undefined || image.architecture === architecture);
}
