import { changedParts, missingTags, needsSignature } from "../image/recipe";
import type { ImageInputs } from "../image/schema";
import type { ImageState } from "../image/state";
import { imageKind } from "./image-kind";
import { declaredKeys, differing } from "./state";

/**
 * `undefined` lets the engine compare the inputs and show each changed property; `true` is for what it cannot see: a
 * signature or a tag that could not be made, although the inputs count as applied.
 */
export function imageChanges(state: ImageState, news: ImageInputs): boolean | undefined {
  const differs = differing(state, news);
  const keys = [...declaredKeys(imageKind, []), "__signKeyHash"];
  if (keys.some(differs) || changedParts(state, news).length > 0) return undefined;
  return needsSignature(state, news) || missingTags(state, news).length > 0;
}
