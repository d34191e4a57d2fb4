import * as pulumi from "@pulumi/pulumi";
import { describeNewFcosHost } from "../runtime/fcos-preview";
import type { FcosHostArgs } from "./fcos-host-args";
import type { ConfirmedImage, HostDeployment } from "./fcos-host-outputs";
import { secretsAmong } from "./image-inputs";
import { imageToRun } from "./image-to-run";
import { describeInPreview, textOf } from "./in-preview";
import type { FailedAttempt } from "./nixos-host-outputs";

const type = "pulumi-nodejs:dynamic/immutable-os:FcosHost";

/** Stands in every user's state: frozen, like the subpath and the name in it. */
const providerText = 'exports.handler=()=>require("pulumi-immutable-os/provider").FcosHost;';

/**
 * A machine that runs Fedora CoreOS, or another system of ostree and container images. Created: taken as it runs, and
 * moved to the image. Updated: moved to another one, or back to one that is still on its disk. Read: observed, never
 * changed. Deleted: forgotten. Nothing is called done until the machine itself has proved it.
 */
export class FcosHost extends pulumi.CustomResource {
  /**
   * What the machine booted. As an input: declared by the image; as an output: observed. `unlocked` is "none" unless
   * somebody made /usr writable, `layering` what was layered on the machine itself.
   */
  declare readonly booted: pulumi.Output<{
    digest: string;
    kernelRelease: string;
    unlocked: string;
    layering: string[];
  }>;
  /** What the next boot starts: declared as the booted one; observed as it is, also "staged" or "other". */
  declare readonly bootDefault: pulumi.Output<{ digest: string; deployment: string }>;
  /** Who updates the machine by himself: declared nobody, as an empty text. Observed like `booted`. */
  declare readonly activeUpdateDriver: pulumi.Output<string>;
  /** What differs in the paths of `unchangedEtc`: declared nothing. Observed like `booted`. */
  declare readonly changedEtc: pulumi.Output<string[]>;
  /** `registry/repository@sha256:…`, as it is declared. */
  declare readonly image: pulumi.Output<string>;
  declare readonly machine: pulumi.Output<string>;
  /** The last phase that the machine proved: "keep" is the end; "check staged" waits for a reboot by somebody. */
  declare readonly phase: pulumi.Output<string>;
  /** The phase that failed when the last run did not reach its end, or empty. */
  declare readonly unfinished: pulumi.Output<string>;
  /** The public keys that the machine is known by, pinned from the first contact on. */
  declare readonly hostKeys: pulumi.Output<string[]>;
  declare readonly machineId: pulumi.Output<string>;
  declare readonly bootId: pulumi.Output<string>;
  /** The systems on the disk, in the order in which the boot loader tries them. */
  declare readonly deployments: pulumi.Output<HostDeployment[]>;
  /** The last five images that were confirmed, newest first. */
  declare readonly history: pulumi.Output<ConfirmedImage[]>;
  /** The last five failed attempts, from the machine's own journal. */
  declare readonly attempts: pulumi.Output<FailedAttempt[]>;

  constructor(name: string, args: FcosHostArgs, options?: pulumi.CustomResourceOptions) {
    // Whoever writes no types may give nothing at all: `check` says what is missing.
    const given: Partial<FcosHostArgs> = args ?? {};
    const { reference, digest, kernelRelease, error } = imageToRun(given.image);
    const inputs = {
      // All that was given: what is no argument is named by `check`, and the one that was meant.
      ...given,
      image: reference,
      booted: { digest, kernelRelease, unlocked: "none", layering: [] },
      bootDefault: { digest, deployment: "booted" },
      activeUpdateDriver: "",
      changedEtc: [],
      __imageError: error,
      // A check that fails is told with what it asked, and what it answered.
      __secretPaths: secretsAmong({ healthChecks: given.healthChecks }),
      __urn: pulumi.createUrn(name, type, options?.parent),
    };
    const observed = Object.fromEntries(outputNames.map((key) => [key, undefined]));
    super(type, name, { ...observed, ...inputs, __provider: providerText }, options);
    if (pulumi.runtime.isDryRun())
      void describeInPreview(this, inputs, async (known, unknown) =>
        describeNewFcosHost(known, unknown, await textOf(kernelRelease)),
      );
  }
}

const outputNames = [
  "phase",
  "unfinished",
  "hostKeys",
  "machineId",
  "bootId",
  "deployments",
  "history",
  "attempts",
] as const;
