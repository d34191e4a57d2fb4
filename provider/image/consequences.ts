import { HostError } from "../core/errors";
import { shortDigest } from "../core/image-reference";
import { changedParts, missingTags, needsSignature } from "./recipe";
import type { ImageInputs } from "./schema";
import type { ImageState } from "./state";

export interface Consequences {
  rebuild: boolean;
  /** For people, before they say yes. */
  lines: string[];
}

/** What an update will do, decided on inputs alone. */
export function consequences(state: ImageState, news: ImageInputs): Consequences {
  const changed = changedParts(state, news);
  if (changed.length > 0) return { rebuild: true, lines: [building(state, news, changed), moving] };
  if (!state.published)
    return { rebuild: true, lines: [`${gone(state)}; ${building(state, news, [])}`, moving] };
  const kept = `nothing is built: ${shortDigest(state.digest)} stays what it is`;
  return { rebuild: false, lines: [kept, ...retagging(state, news), ...signing(state, news)] };
}

/** A rebuild that nobody asked for has another digest, and would move every machine that follows it. */
export function requireRebuildConsent(state: ImageState, news: ImageInputs): void {
  if (state.published || news.allowRebuild === true || changedParts(state, news).length > 0) return;
  throw new HostError("rebuild-refused", {
    what: gone(state),
    expected: "the digest in the registry, or allowRebuild: true",
    seen: "the registry answers that it is not there, and no input has changed",
    next: `a rebuild has another digest, to which all machines that follow this image would be moved: push the old digest back to ${state.registry.repository}, then run pulumi refresh; or set allowRebuild: true`,
  });
}

function retagging(state: ImageState, news: ImageInputs): string[] {
  const added = missingTags(state, news);
  const now = [...(news.registry.tags ?? []), state.ownTag];
  const left = state.tags.filter((tag) => !now.includes(tag));
  return [
    ...(added.length > 0 ? [`set on the same digest: the tags ${added.join(", ")}`] : []),
    ...(left.length > 0
      ? [`no longer named, and left in the registry as they are: the tags ${left.join(", ")}`]
      : []),
  ];
}

function signing(state: ImageState, news: ImageInputs): string[] {
  if (needsSignature(state, news)) return ["signed with the key that is declared now: the same digest"];
  return state.sign !== undefined && news.sign === undefined
    ? ["no longer signed: the signature that is there stays in the registry"]
    : [];
}

const moving = "what follows this image's digest is moved to another one: its machines reboot";

function building(state: ImageState, news: ImageInputs, changed: readonly string[]): string {
  const because = changed.length === 0 ? "" : `${changed.join(", ")} changed; `;
  const kernel = step(state.kernelRelease, news.kernelRelease);
  const base = step(shortDigest(state.base.digest), shortDigest(news.base.digest));
  return `${because}BUILD of ${news.registry.repository}: kernel ${kernel}, on base ${base}`;
}

function gone(state: ImageState): string {
  return `${state.reference} is not in the registry any more`;
}

function step(old: string, now: string): string {
  return old === now ? now : `${old} → ${now}`;
}
