import * as pulumi from "@pulumi/pulumi";
import { HostError } from "../core/errors";
import { Evaluator, type SystemReference } from "../nixos/evaluate";
import { diskoModeOf, type MachineNeeds } from "../nixos/evaluation";
import { info, type PreviewLine } from "../runtime/new-host";
import { describeNewNixosHost } from "../runtime/nixos-preview";
import { runLocal } from "../transport/local";
import { describeInPreview } from "./in-preview";
import type { NixosHostArgs } from "./nixos-host-args";
import type { Deployment, DiskRecord, FailedAttempt } from "./nixos-host-outputs";

const type = "pulumi-nodejs:dynamic/immutable-os:NixosHost";

/** Stands in every user's state: frozen, like the subpath and the name in it. */
const providerText = 'exports.handler=()=>require("pulumi-immutable-os/provider").NixosHost;';

const evaluator = new Evaluator(runLocal);

/**
 * A machine that runs NixOS. Created: whatever Linux it runs now is left by kexec, its disks are wiped by disko, the
 * system is installed. Updated: moved to another system, by a live switch or a reboot. Read: observed, never changed.
 * Deleted: forgotten. Nothing is called done until the machine itself has proved it.
 */
export class NixosHost extends pulumi.CustomResource {
  /** What the machine booted. As an input: declared by the system; as an output: observed. */
  declare readonly booted: pulumi.Output<{ kernelRelease: string; toplevel: string }>;
  /** The active system, /run/current-system. Declared and observed like `booted`. */
  declare readonly current: pulumi.Output<{ toplevel: string }>;
  /** What the boot loader says it will boot next. Declared and observed like `booted`. */
  declare readonly bootDefault: pulumi.Output<{ toplevel: string }>;
  /** The layout of the disks: a hash, the devices that it wipes, those that it keeps, its mount points. */
  declare readonly layout: pulumi.Output<{
    hash: string;
    devices: string[];
    kept: string[];
    mountpoints: string[];
  }>;
  declare readonly machine: pulumi.Output<string>;
  /** The last phase that the machine proved; "confirm" is the end. */
  declare readonly phase: pulumi.Output<string>;
  /** The phase that failed when the last run did not reach its end, or empty. */
  declare readonly unfinished: pulumi.Output<string>;
  /** The public keys that the machine is known by, pinned from the first contact on. */
  declare readonly hostKeys: pulumi.Output<string[]>;
  declare readonly machineId: pulumi.Output<string>;
  declare readonly bootId: pulumi.Output<string>;
  /** Where /run/booted-system points. After a live switch that is an older system with the same kernel and initrd. */
  declare readonly bootedSystem: pulumi.Output<string>;
  /** The declared disks as they were last seen, and what is on them. */
  declare readonly disks: pulumi.Output<DiskRecord[]>;
  /** The installer that was booted, and the path, URL or flake that it came from. */
  declare readonly kexecImage: pulumi.Output<{ sha256: string; kernelRelease: string; source?: string }>;
  /** The last five systems that were confirmed, newest first. */
  declare readonly history: pulumi.Output<Deployment[]>;
  /** The last five failed attempts, from the machine's own journal. */
  declare readonly attempts: pulumi.Output<FailedAttempt[]>;

  constructor(name: string, args: NixosHostArgs, options?: pulumi.CustomResourceOptions) {
    // These properties alone: the rest of `nix` and `install` may hold what is not known yet.
    const nix = pulumi.output(args.nix) as pulumi.Output<{ options: unknown }>;
    const install = pulumi.output(args.install) as pulumi.Output<{ diskoMode: unknown }>;
    // Nix's settings may hold a secret; what is evaluated with them is none.
    const [settings, mode] = [pulumi.unsecret(nix.options), pulumi.unsecret(install.diskoMode)];
    const evaluated = pulumi
      .all([args.system, settings, mode])
      .apply(([system, nixOptions, diskoMode]) => evaluate(system, nixOptions, diskoMode));
    const inputs = {
      // All that was given: what is no argument is named by `check`, and the one that was meant.
      ...args,
      booted: evaluated.apply(({ kernelRelease, toplevel }) => ({ kernelRelease, toplevel })),
      current: evaluated.apply(({ toplevel }) => ({ toplevel })),
      bootDefault: evaluated.apply(({ toplevel }) => ({ toplevel })),
      layout: evaluated.apply(({ layout }) => layout),
      __bootKey: evaluated.apply(({ bootKey }) => bootKey),
      __diskoScript: evaluated.apply(({ diskoScript }) => diskoScript),
      __needs: evaluated.apply(({ needs }) => needs),
      __evaluationError: evaluated.apply(({ error }) => error),
      __urn: pulumi.createUrn(name, type, options?.parent),
    };
    const observed = Object.fromEntries(outputNames.map((key) => [key, undefined]));
    super(type, name, { ...observed, ...inputs, __provider: providerText }, options);
    if (pulumi.runtime.isDryRun()) void describeInPreview(this, inputs, describe);
  }
}

/** A machine that would be installed: its disks are looked at. */
async function describe(known: Record<string, unknown>, unknown: readonly string[]): Promise<PreviewLine[]> {
  const install = known["install"] as { probeInPreview?: boolean } | undefined;
  if (install?.probeInPreview === false) return [];
  return unknown.length > 0
    ? [info("INSTALL: something in its inputs is not known yet, so the machine was not looked at")]
    : describeNewNixosHost(known);
}

const outputNames = [
  "phase",
  "unfinished",
  "hostKeys",
  "machineId",
  "bootId",
  "bootedSystem",
  "disks",
  "kexecImage",
  "history",
  "attempts",
] as const;

interface Evaluated {
  toplevel: string;
  kernelRelease: string;
  bootKey: string;
  diskoScript: string;
  layout: { hash: string; devices: string[]; kept: string[]; mountpoints: string[] };
  needs: MachineNeeds;
  error?: string;
}

/** A failure becomes an input, so that `check` shows Nix's own message on the resource, without a stack. */
async function evaluate(system: unknown, options: unknown, mode: unknown): Promise<Evaluated> {
  try {
    if (!isSystemReference(system)) return failed("");
    return await evaluator.evaluate(system, isTextByName(options) ? options : {}, diskoModeOf(mode));
  } catch (error) {
    if (error instanceof HostError) return failed(error.text());
    throw error;
  }
}

/** The shape is judged by `check`; what is wrong here must only not reach Nix. */
function isSystemReference(system: unknown): system is SystemReference {
  if (typeof system !== "object" || system === null) return false;
  const { flake, toplevel } = system as Record<string, unknown>;
  return typeof flake === "string"
    ? flake.includes("#")
    : typeof toplevel === "string" && toplevel.startsWith("/nix/store/");
}

function isTextByName(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

function failed(error: string): Evaluated {
  const nothing = { hash: "", devices: [], kept: [], mountpoints: [] };
  const empty = {
    toplevel: "",
    kernelRelease: "",
    bootKey: "",
    diskoScript: "",
    layout: nothing,
    needs: { system: "", bootMode: "" as const },
  };
  return error === "" ? empty : { ...empty, error };
}
