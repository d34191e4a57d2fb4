import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseBaseFacts } from "../../../provider/image/base-probe";
import { parseEvidence, type Evidence, type Wanted } from "../../../provider/image/evidence";
import type { BaseFacts, ImageConfig } from "../../../provider/image/types";

export const looksFolder = join(__dirname, "../fixtures/image");

export const lookAt = (name: string): string => readFileSync(join(looksFolder, `${name}.txt`), "utf8");

export const config = (changes: Partial<ImageConfig> = {}): ImageConfig => ({
  architecture: "amd64",
  labels: { "containers.bootc": "1", "ostree.bootable": "true", "ostree.linux": labKernel },
  ...changes,
});

export const labKernel = "6.12.107+deb13-cloud-amd64";

export const wanted = (changes: Partial<Wanted> = {}): Wanted => ({
  kernelRelease: labKernel,
  architecture: "x86_64",
  omitModules: [],
  ...changes,
});

export const baseFacts = (name = "lab-base", changes: Partial<BaseFacts> = {}): BaseFacts => ({
  ...parseBaseFacts(lookAt(name), config()),
  ...changes,
});

export const evidenceOf = (name = "lab-good", changes: Partial<Evidence> = {}): Evidence => ({
  ...parseEvidence(lookAt(name), config()),
  ...changes,
});
