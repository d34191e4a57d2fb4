import { buildah } from "./buildah";
import type { Builder } from "./builder";
import { podman } from "./podman";

/** Taken in this order where the program names none. */
export const builders: readonly Builder[] = [buildah, podman];
