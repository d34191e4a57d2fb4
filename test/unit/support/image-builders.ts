import { imageSchema, type ImageInputs } from "../../../provider/image/schema";
import { stateOf, type BuiltImage, type ImageState } from "../../../provider/image/state";

export const oldDigest = `sha256:${"a".repeat(64)}`;
export const newDigest = `sha256:${"b".repeat(64)}`;
export const builtDigest = `sha256:${"d".repeat(64)}`;
export const rpmHash = "1".repeat(64);

/** Valid inputs of a realistic image; `changes` replaces top-level properties. */
export function imageInputsOf(changes: Partial<ImageInputs> = {}): ImageInputs {
  return imageSchema.parse({
    base: { reference: "quay.io/fedora/fedora-coreos:stable", digest: oldDigest },
    kernel: { rpms: [{ url: "https://example.org/kernel-core.rpm", sha256: rpmHash }] },
    registry: { repository: "registry.example.org/fcos/web", tags: ["live"] },
    kernelRelease: "6.12.94-200.fc42.x86_64",
    published: true,
    __fileHashes: {},
    __urn: "urn:pulumi:dev::images::pulumi-nodejs:dynamic/immutable-os:FcosLayeredImage::web",
    ...changes,
  });
}

const built: BuiltImage = {
  digest: builtDigest,
  reference: `registry.example.org/fcos/web@${builtDigest}`,
  kernelRelease: "6.12.94-200.fc42.x86_64",
  initramfs: {
    path: "/usr/lib/modules/6.12.94-200.fc42.x86_64/initramfs.img",
    sizeBytes: 60_000_000,
    sha256: "e".repeat(64),
    dracutModules: ["ostree"],
  },
  inspections: [{ name: "one kernel", verdict: "ok", seen: "6.12.94-200.fc42.x86_64" }],
  sizeBytes: 800_000_000,
  containerfile: "FROM …\n",
  tags: ["live", "build-1"],
  ownTag: "build-1",
  signature: "",
};

export function imageStateWith(
  changes: Partial<ImageState> = {},
  inputs: ImageInputs = imageInputsOf(),
): ImageState {
  return { ...stateOf(inputs, built), ...changes };
}
