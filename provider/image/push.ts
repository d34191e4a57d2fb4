import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import type { Progress } from "../core/progress";
import type { BuildMachine } from "./build-machine";
import { BuildProgress } from "./build-progress";
import { pushCommand } from "./builders/builder";
import { registryRefusal } from "./builders/registry-words";
import { withLogin } from "./login-files";
import type { Registry } from "./registry/client";
import type { ImageInputs } from "./schema";

export type TagTarget = Pick<Registry, "digestOf" | "tag">;
export type PushTarget = TagTarget & Pick<Registry, "manifest" | "requirePush">;

export interface Destination {
  registry: string;
  repository: string;
  /** A tag that no other build has: it keeps the digest when all other tags have moved on. */
  ownTag: string;
}

export interface Pushed {
  digest: string;
  /** Of all layers and the configuration, as the registry keeps them. */
  sizeBytes: number;
}

/** Pushes the image, and believes it when the registry has what was inspected: the same configuration, by its digest. */
export async function push(
  machine: BuildMachine,
  inputs: ImageInputs,
  { destination, target, imageId }: { destination: Destination; target: PushTarget; imageId: string },
  progress: Progress,
  deadlineSeconds: number,
): Promise<Pushed> {
  const { registry, repository, ownTag } = destination;
  const digest = await upload(machine, inputs, destination, progress, deadlineSeconds);
  const seen = await target.digestOf(repository, ownTag);
  if (seen !== digest) throw notThere(`${registry}/${repository}:${ownTag}`, digest, seen);
  const manifest = parseManifest((await target.manifest(repository, digest))?.bytes);
  if (manifest?.config?.digest !== `sha256:${imageId}`)
    throw notThere(`the configuration of ${digest}`, `sha256:${imageId}`, manifest?.config?.digest);
  const sizeBytes = [manifest.config, ...(manifest.layers ?? [])].reduce((sum, { size }) => sum + size, 0);
  progress.lasting(`pushed: ${registry}/${repository}@${digest} (${bytes(sizeBytes)}), tagged ${ownTag}`);
  return { digest, sizeBytes };
}

async function upload(
  machine: BuildMachine,
  inputs: ImageInputs,
  { registry, repository, ownTag }: Destination,
  progress: Progress,
  deadlineSeconds: number,
): Promise<string> {
  const { builder, folder, names } = machine;
  const destination = `${registry}/${repository}:${ownTag}`;
  const script = await withLogin(
    folder,
    { registry, repository },
    inputs.registry,
    (
      login,
    ) => `${pushCommand(builder, { name: names.image, destination, digestFile: "digest", login })} || exit
printf '${digestMark}%s\\n' "$(cat digest)"`,
  );
  const said = new BuildProgress(progress);
  const run = await machine.run(script, { deadlineSeconds, onLine: (line) => said.line(line) });
  const digest = new RegExp(`^${digestMark}(sha256:[0-9a-f]{64})$`, "m").exec(run.stdout)?.[1];
  if (run.exitCode === 0 && digest !== undefined) return digest;
  throw registryRefusal(run.stderr || `exit code ${run.exitCode}, and no digest`, {
    what: `${destination} could not be pushed by ${builder.tool}`,
    property: "registry",
    code: "push-failed",
  });
}

const digestMark = "pushed as ";

/** Lets tags stand for a digest that is in the registry, and reads them back. */
export async function setTags({
  registry,
  repository,
  digest,
  tags,
  onSet,
}: {
  registry: TagTarget;
  repository: string;
  digest: string;
  tags: readonly string[];
  /** Told each tag that stands, also of those that one which fails comes after. */
  onSet?: (tag: string) => void;
}): Promise<void> {
  for (const tag of tags) {
    await registry.tag(repository, digest, tag);
    const seen = await registry.digestOf(repository, tag);
    if (seen !== digest) throw notThere(`the tag ${tag}`, digest, seen);
    onSet?.(tag);
  }
}

/** Says which kernel it is to whoever looks through the registry. */
export function ownTagOf({ kernelRelease }: Pick<ImageInputs, "kernelRelease">, random: string): string {
  return `${kernelRelease
    .replaceAll(/[^\w.-]/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 100)}-${random}`;
}

interface Manifest {
  config?: { digest: string; size: number };
  layers?: { size: number }[];
}

function parseManifest(content: Buffer | undefined): Manifest | undefined {
  return content === undefined ? undefined : (JSON.parse(content.toString()) as Manifest);
}

function notThere(what: string, expected: string, seen: string | undefined): HostError {
  return new HostError("push-failed", {
    what: `${what} is not in the registry as it was pushed`,
    expected,
    seen: seen ?? "the registry does not have it",
    next: "look whether somebody else pushes there, or the registry changes what it is given; then run pulumi up again",
  });
}
