// A stand-in for a registry, and all that a build with the stand-in for buildah needs around it.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../../../provider/core/errors";
import { buildImage, type Build } from "../../../provider/image/build-image";
import type { PushTarget } from "../../../provider/image/push";
import type { ImageInputs } from "../../../provider/image/schema";
import type { BuiltImage } from "../../../provider/image/state";
import { openLocalShell } from "../../../provider/transport/local-shell";
import { builderStandIn, imageId, pushedDigest, type BuilderStandIn } from "./builder-stand-in";
import { imageInputsOf } from "./image-builders";
import { labKernel } from "./image-looks";
import { kernelCore, rpm } from "./rpm-writer";

/** It believes that what was pushed came with the own tag of the build. */
export class RegistryStandIn implements PushTarget {
  tags = new Map<string, string>();
  config = `sha256:${imageId}`;
  pushed: string | undefined = pushedDigest;
  refusal: HostError | undefined;
  refusedTag: string | undefined;

  constructor(private readonly builder: BuilderStandIn) {}

  requirePush(): Promise<void> {
    return this.refusal ? Promise.reject(this.refusal) : Promise.resolve();
  }
  digestOf(_repository: string, tag: string): Promise<string | undefined> {
    const isOwn = tag.startsWith("6.12.107-deb13");
    const wasPushed = this.builder.calls().some((call) => call.startsWith("push "));
    return Promise.resolve(isOwn && wasPushed ? this.pushed : this.tags.get(tag));
  }
  manifest(): ReturnType<PushTarget["manifest"]> {
    const content = { config: { digest: this.config, size: 1_000 }, layers: [{ size: 5_000 }, { size: 4 }] };
    return Promise.resolve({ mediaType: "", bytes: Buffer.from(JSON.stringify(content)) });
  }
  tag(_repository: string, digest: string, tag: string): Promise<void> {
    if (tag === this.refusedTag) return Promise.reject(new HostError("unreachable", { what: "gone" }));
    this.tags.set(tag, digest);
    return Promise.resolve();
  }
}

export interface Workshop {
  builder: BuilderStandIn;
  registry: RegistryStandIn;
  /** All that the user saw. */
  shown: string[];
  /** Throws what went wrong after the push, too. */
  build: (changes?: Partial<ImageInputs>) => Promise<BuiltImage>;
  buildAll: (changes?: Partial<ImageInputs>) => Promise<Build>;
  /** The calls of the builder that begin so. */
  called: (command: string) => string[];
  /** What builds have left behind. */
  leftovers: () => string[];
  close: () => void;
}

export function workshop(): Workshop {
  const builder = builderStandIn();
  const registry = new RegistryStandIn(builder);
  const shown: string[] = [];
  const cache = process.env["IMMUTABLE_OS_CACHE"];
  process.env["IMMUTABLE_OS_CACHE"] = join(builder.folder, "cache");
  const tell = (kind: string) => (text: string) => void shown.push(`${kind}: ${text}`);
  const progress = {
    begin: (step: number, count: number, name: string) => void shown.push(`[${step}/${count}] ${name}`),
    detail: () => undefined,
    lasting: tell("lasting"),
    warning: tell("warning"),
    log: tell("log"),
    fullLog: () => "",
    clean: String,
  };
  const tools = { shell: () => openLocalShell(), progress, registry: () => registry };
  const buildAll = (changes?: Partial<ImageInputs>): Promise<Build> =>
    buildImage(tools, inputsOf(builder.folder, changes));
  return {
    builder,
    registry,
    shown,
    build: async (changes) => {
      const { image, error } = await buildAll(changes);
      if (error) throw error;
      return image;
    },
    buildAll,
    called: (command) => builder.calls().filter((call) => call.startsWith(`${command} `)),
    leftovers: () => readdirSync(builder.folder).filter((name) => name.startsWith("immutable-os")),
    close: () => {
      if (cache === undefined) delete process.env["IMMUTABLE_OS_CACHE"];
      else process.env["IMMUTABLE_OS_CACHE"] = cache;
      builder.remove();
    },
  };
}

function inputsOf(folder: string, changes: Partial<ImageInputs> = {}): ImageInputs {
  const contents = [rpm({ name: "kernel" }), kernelCore(labKernel), rpm({ name: "kernel-modules" })];
  const rpms = contents.map((content, index) => {
    const path = join(folder, `${index}.rpm`);
    writeFileSync(path, content);
    return { path, sha256: hashOf(content) };
  });
  return imageInputsOf({
    kernel: { rpms },
    kernelRelease: labKernel,
    registry: {
      repository: "registry.example.org/fcos/web",
      tags: ["live"],
      username: "lab",
      password: "hunter2",
    },
    ...changes,
  });
}

/** Folder for a PATH without cosign: this machine may have a real one. */
export function withoutCosign(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const tool of [
    "sh",
    "mkdir",
    "id",
    "stat",
    "env",
    "sleep",
    "cat",
    "rm",
    "grep",
    "touch",
    "head",
    "printf",
  ])
    symlinkSync(`/bin/${tool}`, join(bin, tool));
  symlinkSync(join(folder, "buildah"), join(bin, "buildah"));
  return bin;
}

export function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
