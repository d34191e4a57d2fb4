import * as pulumi from "@pulumi/pulumi";
import type { FcosLayeredImageArgs } from "./fcos-layered-image-args";
import type { InitramfsRecord, InspectionResult } from "./fcos-layered-image-outputs";
import {
  errorOf,
  keyPathOf,
  mayBeSecret,
  resolved,
  resolvedBase,
  secretsAmong,
  sourcesOf,
  withDigest,
  withReference,
} from "./image-inputs";

const type = "pulumi-nodejs:dynamic/immutable-os:FcosLayeredImage";

/** Stands in every user's state: frozen, like the subpath and the name in it. */
const providerText = 'exports.handler=()=>require("pulumi-immutable-os/provider").FcosLayeredImage;';

/**
 * An image of Fedora CoreOS, or of an OKD or OpenShift node, with another kernel and an initramfs of its own. Created:
 * built, inspected, and pushed only if every inspection is passed. Updated: built anew when what decides about its
 * content changed. Read: is the digest still in the registry. Deleted: kept there, unless `deleteOnDestroy` is set.
 */
export class FcosLayeredImage extends pulumi.CustomResource {
  /** The base image: as it was given, and the digest that it means. */
  declare readonly base: pulumi.Output<{ reference: string; digest: string }>;
  /** What `uname -r` says on a machine that booted the image. Known in the preview, from the RPMs' headers. */
  declare readonly kernelRelease: pulumi.Output<string>;
  /** Declared true; as an output: whether the registry still had the digest when it was last looked at. */
  declare readonly published: pulumi.Output<boolean>;
  /** `registry/repository@sha256:…`: what machines are moved to. */
  declare readonly reference: pulumi.Output<string>;
  /** `sha256:…`, as the registry itself says it after the push. */
  declare readonly digest: pulumi.Output<string>;
  declare readonly initramfs: pulumi.Output<InitramfsRecord>;
  /** Every inspection by name, and how it ended. */
  declare readonly inspections: pulumi.Output<InspectionResult[]>;
  /** In the registry: the sum of all layers, in bytes. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** What was built, as `buildah build` takes it. */
  declare readonly containerfile: pulumi.Output<string>;
  /** All tags that were set on the digest, its own included. */
  declare readonly tags: pulumi.Output<string[]>;
  /** The tag that no other build has: it keeps the digest in the registry for rollbacks. */
  declare readonly ownTag: pulumi.Output<string>;
  /** Digest of the signature that cosign put beside the image; empty where it is not signed. */
  declare readonly signature: pulumi.Output<string>;

  constructor(name: string, args: FcosLayeredImageArgs, options?: pulumi.CustomResourceOptions) {
    // Whoever writes no types may give nothing at all: `check` says what is missing.
    const given: Partial<FcosLayeredImageArgs> = args ?? {};
    const { kernel: wanted, platform, run, labels } = given;
    const base = withReference(given.base);
    const [digest, kernel, files, signKey] = [
      resolvedBase(base),
      resolved({ kernel: wanted, platform }),
      resolved({ files: sourcesOf(given.files) }),
      resolved({ sign: keyPathOf(given.sign) }),
    ];
    const inputs = {
      // All that was given: what is no argument is named by `check`, and the one that was meant.
      ...given,
      base: withDigest(
        base,
        digest.apply((found) => found.digest),
      ),
      kernelRelease: kernel.apply(({ kernelRelease }) => kernelRelease),
      published: true,
      __fileHashes: files.apply(({ fileHashes }) => fileHashes),
      __signKeyHash: signKey.apply(({ signKeyHash }) => signKeyHash),
      __resolveError: pulumi.all([digest, kernel, files, signKey]).apply(errorOf),
      // The Containerfile holds them, and the log of the build shows them.
      __secretPaths: secretsAmong({ run, labels }),
      __urn: pulumi.createUrn(name, type, options?.parent),
    };
    const observed = Object.fromEntries(outputNames.map((key) => [key, undefined]));
    const secretOutputs = mayBeSecret([run, labels]) ? { additionalSecretOutputs: ["containerfile"] } : {};
    super(
      type,
      name,
      { ...observed, ...inputs, __provider: providerText },
      pulumi.mergeOptions(options, secretOutputs),
    );
    if (pulumi.runtime.isDryRun()) void this.describe(inputs);
  }

  /** In a preview the id is unknown exactly when there is no image yet: an update is told by the provider. */
  private async describe({ kernelRelease, base }: Record<string, unknown>): Promise<void> {
    if (await (this.id as unknown as { isKnown: Promise<boolean> }).isKnown) return;
    const shown = pulumi.unsecret(pulumi.output({ kernelRelease, base })) as unknown as pulumi.Output<Shown>;
    shown.apply(({ kernelRelease: kernel, base: on }) =>
      kernel && on.digest
        ? pulumi.log.info(`BUILD: kernel ${kernel}, on base ${on.reference ?? ""} (${on.digest})`, this)
        : undefined,
    );
  }
}

interface Shown {
  kernelRelease: string;
  base: { reference?: string; digest?: string };
}

const outputNames = [
  "reference",
  "digest",
  "initramfs",
  "inspections",
  "sizeBytes",
  "containerfile",
  "tags",
  "ownTag",
  "signature",
] as const;
