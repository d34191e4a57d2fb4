import { z } from "zod";
import { hostLogin } from "../host/login-schema";
import * as value from "../host/schema-values";

/** What a program can write. Descriptions, units and defaults: resources/fcos-host-args.ts. */
const deadlines = z.strictObject({
  connectSeconds: value.seconds.optional(),
  bootSeconds: value.seconds.optional(),
  phaseSeconds: value.seconds.optional(),
});

const healthCheck = z.strictObject({
  command: value.text.optional(),
  unit: value.text.optional(),
  tcp: z.strictObject({ port: value.port, host: value.host.optional() }).optional(),
  http: z.strictObject({ url: value.text, status: z.number().optional() }).optional(),
  retries: z.number().optional(),
  intervalSeconds: value.seconds.optional(),
  deadlineSeconds: value.seconds.optional(),
});

export const drivers = ["auto", "rpm-ostree", "bootc"] as const;
export const transports = ["unverified-registry", "image-signed", "remote-registry"] as const;
export const rebootPolicies = ["now", "manual"] as const;

export const declaredShape = {
  machine: value.text,
  connection: z.strictObject({ host: value.host, ...hostLogin, deadlines: deadlines.optional() }),
  image: value.text,
  driver: z.enum(drivers).optional(),
  transport: z.enum(transports).optional(),
  remote: value.text.optional(),
  registry: z
    .strictObject({
      username: value.text.optional(),
      password: value.text.optional(),
      certificateAuthority: value.text.optional(),
    })
    .optional(),
  reboot: z.enum(rebootPolicies).optional(),
  rollback: z.strictObject({ automatic: z.boolean().optional(), guard: z.boolean().optional() }).optional(),
  healthChecks: z.record(z.string(), healthCheck).optional(),
  updateDriver: z.enum(["mask", "fail"]).optional(),
  kernelArguments: z
    .strictObject({ present: z.array(value.text).optional(), absent: z.array(value.text).optional() })
    .optional(),
  unchangedEtc: z.array(value.absolutePath).optional(),
  adopt: z.boolean().optional(),
};

/** What stands on both sides: declared by the constructor, observed by the outputs. */
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
  __inputError: z.string().optional(),
  __urn: z.string(),
});

export type FcosHostInputs = z.infer<typeof fcosHostSchema>;
