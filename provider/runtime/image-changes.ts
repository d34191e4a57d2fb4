import { isDeepStrictEqual } from "node:util";
import { changedParts } from "../image/recipe";
import type { ImageInputs } from "../image/schema";
import type { ImageState } from "../image/state";
import { imageKind } from "./image-kind";
import { compared, declaredKeys } from "./state";

const none: ReadonlySet<string> = new Set();

/** `undefined` lets the engine compare the inputs and show each changed property. */
export function imageChanges(state: ImageState, news: ImageInputs): boolean | undefined {
  const differs = (key: string): boolean =>
    !isDeepStrictEqual(
      compared(state[key as keyof ImageInputs], none),
      compared(news[key as keyof ImageInputs], none),
    );
  return declaredKeys(imageKind, []).some(differs) || changedParts(state, news).length > 0
    ? undefined
    : false;
}
