import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { HostError } from "../core/errors";
import { download } from "../download/download";
import { hashOf } from "../download/file-hash";
import { buildBundle } from "./kexec-flake";
import { imageName, type ImageTools, type KexecImageReference } from "./kexec-reference";

export interface KexecImage {
  path: string;
  sha256: string;
  sizeBytes: number;
}

const bundleInCache = {
  property: "install.kexec.url",
  noun: "the kexec bundle",
  folder: "kexec",
  ending: ".tar.gz",
};

/** The bundle as a local file whose hash was just computed: it is checked before every use. */
export async function kexecImage(reference: KexecImageReference, tools: ImageTools): Promise<KexecImage> {
  const path = await localFile(reference, tools);
  const sha256 = await hashOf(
    path,
    "install.kexec",
    "a kexec bundle of nixos-images, kexec/{run,kexec,bzImage,initrd} in a .tar.gz",
  );
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
    ? download({ url, sha256, name: imageName(reference), ...bundleInCache }, tools)
    : buildBundle(flake, imageName(reference), tools);
}
