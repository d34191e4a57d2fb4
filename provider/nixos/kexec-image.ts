import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { HostError } from "../core/errors";
import { download } from "./kexec-download";
import { buildBundle } from "./kexec-flake";
import { hashOf } from "./kexec-hash";
import { imageName, type ImageTools, type KexecImageReference } from "./kexec-reference";

export interface KexecImage {
  path: string;
  sha256: string;
  sizeBytes: number;
}

/** The bundle as a local file whose hash was just computed: it is checked before every use. */
export async function kexecImage(reference: KexecImageReference, tools: ImageTools): Promise<KexecImage> {
  const path = await localFile(reference, tools);
  const sha256 = await hashOf(path);
  if (reference.sha256 !== undefined && reference.sha256 !== sha256) {
    throw new HostError("bad-input", {
      what: `install.kexec.sha256 does not match ${imageName(reference)}`,
      expected: reference.sha256,
      seen: sha256,
      next: "look why the bundle changed before you pin the new hash",
    });
  }
  return { path, sha256, sizeBytes: (await stat(path)).size };
}

function localFile(reference: KexecImageReference, tools: ImageTools): Promise<string> {
  const { path, url = "", flake, sha256 = "" } = reference;
  if (path !== undefined) return Promise.resolve(path.replace(/^~(?=\/)/, homedir()));
  return flake === undefined
    ? download({ url, sha256, name: imageName(reference) }, tools)
    : buildBundle(flake, imageName(reference), tools);
}
