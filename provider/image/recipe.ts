import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ImageInputs } from "./schema";
import type { ImageState } from "./state";

/**
 * What decides about the content of an image, each part in a form that is equal where the image is: a mirror, a tag that
 * means the same digest, or a file that moved is no other image. Logins, deadlines, the builder and consent are no part.
 */
const parts: Record<string, (inputs: ImageInputs) => unknown> = {
  base: ({ base }) => base.digest,
  // The release as well: under an address may lie another file than the pinned one, which the build refuses.
  kernel: ({ kernel, kernelRelease }) => [
    kernelRelease,
    kernel.rpms.map(({ sha256 }) => sha256).sort(),
    sorted(kernel.remove),
  ],
  packages: ({ packages }) => [sorted(packages?.add), sorted(packages?.remove)],
  files: filesOf,
  run: ({ run }) => run ?? [],
  dracut: ({ dracut }) => [
    sorted(dracut?.addModules),
    sorted(dracut?.omitModules),
    sorted(dracut?.addDrivers),
    // Their order may matter.
    dracut?.extraArguments ?? [],
  ],
  platform: ({ platform }) => platform ?? "",
  labels: ({ labels }) => sortedEntries(labels ?? {}),
  "registry.repository": ({ registry }) => registry.repository,
};

/** The parts that need a build. */
export function changedParts(old: ImageInputs, news: ImageInputs): string[] {
  return Object.entries(parts)
    .filter(([, part]) => !isDeepStrictEqual(part(old), part(news)))
    .map(([name]) => name);
}

/** Another key needs another signature, as does one that could not be made; another password of the same key does not. */
export function needsSignature(old: ImageState, { sign, __signKeyHash }: ImageInputs): boolean {
  if (sign === undefined) return false;
  return (
    old.signature === "" ||
    sign.privateKey !== old.sign?.privateKey ||
    sign.privateKeyPath !== old.sign?.privateKeyPath ||
    __signKeyHash !== old.__signKeyHash
  );
}

/** The declared tags that do not stand for the digest yet. */
export function missingTags({ tags }: Pick<ImageState, "tags">, { registry }: ImageInputs): string[] {
  return (registry.tags ?? []).filter((tag) => !tags.includes(tag));
}

function filesOf({ files, __fileHashes }: ImageInputs): unknown {
  return sortedEntries(files ?? {}).map(([path, { content, mode }]) => [
    path,
    content === undefined ? __fileHashes[path] : createHash("sha256").update(content).digest("hex"),
    Number.parseInt(mode ?? "0644", 8),
  ]);
}

function sorted(names: readonly string[] | undefined): string[] {
  return [...(names ?? [])].sort();
}

function sortedEntries<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));
}
