import { createHash } from "node:crypto";
import type { LabRegistry } from "./registry";

interface Manifest {
  config: { digest: string; size: number };
}

interface ImageConfig {
  architecture: string;
  config: { Labels?: Record<string, string> };
}

/** Puts an image with another configuration, and the same layers, next to one in the registry; gives its digest. */
export async function pushVariant(
  registry: LabRegistry,
  repository: string,
  digest: string,
  tag: string,
  edit: (config: ImageConfig) => void,
): Promise<string> {
  const accept = { accept: "application/vnd.oci.image.manifest.v1+json" };
  const found = await registry.request({ path: `/v2/${repository}/manifests/${digest}`, headers: accept });
  const manifest = JSON.parse(found.body.toString()) as Manifest;
  const blob = await registry.request({ path: `/v2/${repository}/blobs/${manifest.config.digest}` });
  const config = JSON.parse(blob.body.toString()) as ImageConfig;
  edit(config);
  const bytes = JSON.stringify(config);
  manifest.config.digest = digestOf(bytes);
  manifest.config.size = Buffer.byteLength(bytes);
  await uploadBlob(registry, repository, bytes);
  const edited = JSON.stringify(manifest);
  const put = await registry.request({
    method: "PUT",
    path: `/v2/${repository}/manifests/${tag}`,
    headers: { "content-type": accept.accept },
    body: edited,
  });
  if (put.status !== 201)
    throw new Error(`the registry refused ${tag}: ${put.status} ${put.body.toString()}`);
  return digestOf(edited);
}

async function uploadBlob(registry: LabRegistry, repository: string, bytes: string): Promise<void> {
  const start = await registry.request({ method: "POST", path: `/v2/${repository}/blobs/uploads/` });
  const place = new URL(String(start.headers["location"]), `https://${registry.address}`);
  place.searchParams.set("digest", digestOf(bytes));
  const put = await registry.request({
    method: "PUT",
    path: place.pathname + place.search,
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  if (put.status !== 201)
    throw new Error(`the registry refused a blob: ${put.status} ${put.body.toString()}`);
}

function digestOf(bytes: string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
