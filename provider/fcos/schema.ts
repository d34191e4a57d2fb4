import { z } from "zod";
import { connection } from "../host/connection-schema";
import { healthChecks } from "../host/health-schema";
import { registryLogin } from "../host/registry-login";
import * as value from "../host/schema-values";
import * as fcosValue from "./schema-values";

/**
 * The shape of checked inputs, each value by itself; what depends on several: input-rules.ts.
 * Descriptions, units and defaults: resources/fcos-host-args.ts.
 */
const drivers = ["auto", "rpm-ostree", "bootc"] as const;
const transports = ["unverified-registry", "image-signed", "remote-registry"] as const;
const rebootPolicies = ["now", "manual"] as const;
const updateDriverPolicies = ["mask", "fail"] as const;

const kernelArguments = z.strictObject({
  present: z.array(fcosValue.kernelArgument).optional(),
  absent: z.array(fcosValue.kernelArgument).optional(),
});

/** What a program can write; of `image` only the reference is left, and the kernel goes on as `booted.kernelRelease`. */
export const declaredShape = {
  machine: value.machineName,
  connection,
  image: fcosValue.image,
  driver: z.enum(drivers).optional(),
  transport: z.enum(transports).optional(),
  remote: fcosValue.remote.optional(),
  registry: z.strictObject(registryLogin).optional(),
  reboot: z.enum(rebootPolicies).optional(),
  rollback: z.strictObject({ automatic: z.boolean().optional(), guard: z.boolean().optional() }).optional(),
  healthChecks: healthChecks.optional(),
  updateDriver: z.enum(updateDriverPolicies).optional(),
  kernelArguments: kernelArguments.optional(),
  unchangedEtc: z.array(fcosValue.etcPath).optional(),
  adopt: z.boolean().optional(),
  probeInPreview: z.boolean().optional(),
};

/** What stands on both sides: declared by the constructor, observed by the outputs. What was observed is not judged. */
const twoSided = {
  booted: z.strictObject({
    digest: z.string(),
    /** Undefined: whatever kernel the image has; its one kernel folder says it. */
    kernelRelease: z.string().optional(),
    unlocked: z.string(),
    layering: z.array(z.string()),
  }),
  /** What the next boot starts. `deployment`: "booted" when it is the running one, else "staged" or "other". */
  bootDefault: z.strictObject({ digest: z.string(), deployment: z.string() }),
  activeUpdateDriver: z.string(),
  changedEtc: z.array(z.string()),
};

export const fcosHostSchema = z.strictObject({
  ...declaredShape,
  ...twoSided,
  /** What the constructor could not make an image of; `check` says it. */
  __imageError: z.string().optional(),
  /** Where the program gave secrets that are none by themselves: the texts have to be kept out of all lines. */
  __secretPaths: z.array(z.string()).optional(),
  __urn: z.string(),
});

export type FcosHostInputs = z.infer<typeof fcosHostSchema>;
