import { homedir } from "node:os";
import type { z } from "zod";
import { HostError } from "../core/errors";
import { hashOf } from "../download/file-hash";
import { architectureOf } from "./image-look";
import { kernelReleaseOf } from "./kernel-release";
import { parseReference } from "../core/image-reference";
import { Registry } from "./registry/client";
import { rpmHeader } from "./rpm";
import { declaredShape, rpm } from "./schema";
import type { RegistryLogin } from "./types";

/** What the constructor asks for: shapes are judged by `check`, which comes later. */
export interface Unresolved {
  base: unknown;
  kernel: unknown;
  files: unknown;
  platform: unknown;
  sign: unknown;
}

export interface Resolved {
  digest: string;
  kernelRelease: string;
  /** Path in the image → sha256 of the local file that goes there. */
  fileHashes: Record<string, string>;
  /** sha256 of the local file with the key for signing. */
  signKeyHash?: string;
  /** What stands in the way, beginning with the property's name. */
  error?: string;
}

/**
 * What the inputs say only by way of the network and of local files: the digest behind a tag, the kernel's release in
 * the RPMs' headers. Known before the preview, so that it and everything that depends on the image shows values.
 */
export async function resolve(inputs: Unresolved): Promise<Resolved> {
  const [digest, kernelRelease, fileHashes, signKeyHash] = await Promise.all([
    settled(digestOf(inputs.base), ""),
    settled(releaseOf(inputs.kernel, inputs.platform), ""),
    settled(hashesOf(inputs.files), {}),
    settled(keyHashOf(inputs.sign), undefined),
  ]);
  const all = [digest, kernelRelease, fileHashes, signKeyHash];
  const error = all.flatMap((each) => each.error ?? []).join("\n");
  return {
    digest: digest.value,
    kernelRelease: kernelRelease.value,
    fileHashes: fileHashes.value,
    ...(signKeyHash.value === undefined ? {} : { signKeyHash: signKeyHash.value }),
    ...(error === "" ? {} : { error }),
  };
}

async function settled<T>(work: Promise<T>, otherwise: T): Promise<{ value: T; error?: string }> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof HostError) return { value: otherwise, error: error.text() };
    throw error;
  }
}

/** One question for each tag: two images of one program must not be built on two digests. */
const asked = new Map<string, Promise<string>>();

async function digestOf(base: unknown): Promise<string> {
  const checked = accepted(declaredShape.base, base);
  if (checked === undefined) return "";
  const { reference: text, ...login } = checked;
  const reference = parseReference(text);
  if (reference === undefined) return "";
  if (reference.digest !== undefined) return reference.digest;
  const key = JSON.stringify([text, login]);
  const answer =
    asked.get(key) ?? digestBehind(reference.registry, reference.repository, reference.tag, login);
  asked.set(key, answer);
  return answer;
}

/** A base that means one image for ever: nobody is asked for it, and nobody logs in. */
export function isPinned(reference: unknown): boolean {
  return typeof reference === "string" && parseReference(reference)?.digest !== undefined;
}

async function digestBehind(
  registry: string,
  repository: string,
  tag = "latest",
  login: RegistryLogin,
): Promise<string> {
  const digest = await ofBase(new Registry(registry, login, { property: "base" }).digestOf(repository, tag));
  if (digest !== undefined) return digest;
  throw new HostError("bad-input", {
    what: `base: the registry has no ${registry}/${repository}:${tag}`,
    expected: "an image of Fedora CoreOS or SCOS, by tag or by digest",
    next: "correct the reference",
  });
}

async function ofBase<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new HostError(error.code, { ...error.details, what: `base: ${error.details.what}` });
  }
}

async function releaseOf(kernel: unknown, platform: unknown): Promise<string> {
  const { rpms, release } = asRecord(kernel);
  const references = Array.isArray(rpms) ? (rpms as unknown[]) : [];
  const checked = references.flatMap((each) => accepted(rpm, each) ?? []);
  if (checked.length === 0 || checked.length !== references.length) return "";
  const headers = await Promise.all(
    checked.map((reference, index) => rpmHeader(reference, `kernel.rpms[${index}]`)),
  );
  return kernelReleaseOf(headers, {
    release: typeof release === "string" ? release : undefined,
    architecture: typeof platform === "string" ? architectureOf(platform) : undefined,
  });
}

async function hashesOf(files: unknown): Promise<Record<string, string>> {
  const sources = Object.entries(asRecord(files)).flatMap(([target, file]) => {
    const { source } = asRecord(file);
    return typeof source === "string" && source !== "" ? [[target, source] as const] : [];
  });
  const hashes = sources.map(
    async ([target, source]) =>
      [
        target,
        await hashOf(fromHome(source), `files["${target}"].source`, "a file that can be read here"),
      ] as const,
  );
  return Object.fromEntries(await Promise.all(hashes));
}

async function keyHashOf(sign: unknown): Promise<string | undefined> {
  const { privateKeyPath: path } = asRecord(sign);
  if (typeof path !== "string" || path === "") return undefined;
  return hashOf(fromHome(path), "sign.privateKeyPath", "a private key that cosign generate-key-pair made");
}

function fromHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}

/** What `check` will let through; all else is left to it, which names what is wrong. */
function accepted<Checked>(schema: z.ZodType<Checked>, value: unknown): Checked | undefined {
  // As the engine hands it on: what is undefined is not given.
  const given = Object.entries(asRecord(value)).filter(([, inner]) => inner !== undefined);
  try {
    return schema.safeParse(Object.fromEntries(given)).data;
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
