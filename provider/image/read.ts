import { asHostError, type HostError } from "../core/errors";
import type { Registry } from "./registry/client";
import { placeOf, type ImageState } from "./state";
import type { RegistryLogin } from "./types";

export type OpenRegistry = (registry: string, login: RegistryLogin) => Pick<Registry, "digestOf" | "delete">;

export interface Observation {
  published: boolean;
  /** Why nothing could be seen: a registry that does not answer says nothing about the image. */
  unseen?: HostError;
}

/** Whether the registry still has the image; only its own word that it has not counts. */
export async function read(open: OpenRegistry, state: ImageState): Promise<Observation> {
  const { registry, repository } = placeOf(state);
  try {
    const found = await open(registry, state.registry).digestOf(repository, state.digest);
    return { published: found !== undefined };
  } catch (error) {
    return { published: state.published, unseen: asHostError(error) };
  }
}

/** Deletes the digest and its signature, never a tag: that may mean somebody else's image by now. */
export async function remove(open: OpenRegistry, state: ImageState): Promise<string> {
  if (state.deleteOnDestroy !== true)
    return `kept: ${state.reference} stays in the registry, because machines may run it`;
  const { registry, repository } = placeOf(state);
  const opened = open(registry, state.registry);
  const answer = await opened.delete(repository, state.digest);
  if (state.signature !== "") await opened.delete(repository, state.signature);
  return answer === "deleted"
    ? `deleted from the registry: ${state.reference}; digests of earlier builds stay there`
    : `${state.reference} was not in the registry any more`;
}
