import { z } from "zod";

/**
 * Draft of the shape of checked inputs, to be replaced by the real one with all rules of the single values.
 * Descriptions, units and defaults: resources/fcos-layered-image-args.ts.
 */
const text = z.string().min(1);
const sha256 = z.string();

const registryLogin = {
  username: text.optional(),
  password: text.optional(),
  certificateAuthority: text.optional(),
};

const rpm = z.strictObject({ url: text.optional(), path: text.optional(), sha256 });

const file = z.strictObject({ content: z.string().optional(), source: text.optional(), mode: text.optional() });

export const imageSchema = z.strictObject({
  /** `reference` as the program gives it, a tag or a digest; `digest` as the constructor resolved it. */
  base: z.strictObject({ reference: text, digest: z.string(), ...registryLogin }),
  kernel: z.strictObject({
    rpms: z.array(rpm).min(1),
    remove: z.array(text).optional(),
    release: text.optional(),
  }),
  packages: z.strictObject({ add: z.array(text).optional(), remove: z.array(text).optional() }).optional(),
  files: z.record(text, file).optional(),
  run: z.array(text).optional(),
  dracut: z
    .strictObject({
      addModules: z.array(text).optional(),
      omitModules: z.array(text).optional(),
      addDrivers: z.array(text).optional(),
      extraArguments: z.array(text).optional(),
      timeoutSeconds: z.number().optional(),
    })
    .optional(),
  registry: z.strictObject({ repository: text, tags: z.array(text).optional(), ...registryLogin }),
  builder: z
    .strictObject({ tool: z.enum(["buildah", "podman"]).optional(), connection: z.unknown().optional() })
    .optional(),
  platform: z.enum(["linux/amd64", "linux/arm64"]).optional(),
  labels: z.record(text, z.string()).optional(),
  allowRebuild: z.boolean().optional(),
  deleteOnDestroy: z.boolean().optional(),
  deadlines: z.strictObject({ buildSeconds: z.number().optional(), pushSeconds: z.number().optional() }).optional(),
  /** Two-sided, like `base.digest`: read out of the RPMs' headers, observed in the finished image. */
  kernelRelease: z.string(),
  /** Two-sided: declared true; observed: the registry still has the digest. */
  published: z.boolean(),
  /** Path in the image → sha256 of the local file that `files.*.source` names: a changed file is a changed input. */
  __fileHashes: z.record(z.string(), z.string()),
  __resolveError: z.string().optional(),
  __urn: z.string(),
});

export type ImageInputs = z.infer<typeof imageSchema>;
