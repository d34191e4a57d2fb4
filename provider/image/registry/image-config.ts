import { HostError } from "../../core/errors";
import { jsonOf, textOf } from "./answers";

/** What an image says of itself. */
export interface ImageConfig {
  /** The container world's word for it: `amd64`, `arm64`. */
  architecture: string;
  os: string;
  labels: Record<string, string>;
}

/** What registries are asked for; the list itself says that one tag may stand for several platforms. */
export const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

/** The digest of the platform's own manifest, when this is a list of several; undefined when it is one itself. */
export function manifestOf(platform: string, list: Buffer, name: string): string | undefined {
  const { manifests } = jsonOf(list) as { manifests?: unknown };
  if (!Array.isArray(manifests)) return undefined;
  const entries = manifests.map((entry: unknown) => {
    const { digest, platform: its } = (entry ?? {}) as {
      digest?: unknown;
      platform?: Record<string, unknown>;
    };
    return { digest: textOf(digest), platform: `${textOf(its?.["os"])}/${textOf(its?.["architecture"])}` };
  });
  const digest = entries.find((entry) => entry.platform === platform)?.digest;
  if (digest !== undefined) return digest;
  throw new HostError("bad-input", {
    what: `${name} has no image for ${platform}`,
    expected: platform,
    seen: entries.map((entry) => entry.platform).join(", "),
    next: "take another base, or another platform",
  });
}

export function configDigestOf(manifest: Buffer): string | undefined {
  const { config } = jsonOf(manifest) as { config?: { digest?: unknown } };
  return textOf(config?.digest) || undefined;
}

export function imageConfigOf(blob: Buffer): ImageConfig {
  const { architecture, os, config } = jsonOf(blob) as Record<string, unknown>;
  const labels = Object.entries((config as { Labels?: object } | undefined)?.Labels ?? {});
  return {
    architecture: textOf(architecture),
    os: textOf(os),
    labels: Object.fromEntries(labels.map(([name, value]) => [name, String(value)])),
  };
}
