import { z } from "zod";
import { hostLogin } from "../host/login-schema";
import { registryLogin } from "../host/registry-login";
import * as value from "../host/schema-values";
import * as imageValue from "./schema-values";

/**
 * The shape of checked inputs, each value by itself; what depends on several: input-rules.ts.
 * Descriptions, units and defaults: resources/fcos-layered-image-args.ts.
 */
/** Also what decides whether an RPM is asked for before `check` judges it. */
export const rpm = z
  .strictObject({ url: value.downloadUrl.optional(), path: value.text.optional(), sha256: value.sha256 })
  .refine((each) => (each.url === undefined) !== (each.path === undefined), "needs either url or path");

const file = z
  .strictObject({
    content: imageValue.fileContent.optional(),
    source: value.text.optional(),
    mode: value.fileMode.optional(),
  })
  .refine(
    (each) => (each.content === undefined) !== (each.source === undefined),
    "needs either content or source",
  );

const kernel = z.strictObject({
  rpms: z.array(rpm).min(1, "must name at least one RPM: the one that holds the kernel"),
  remove: z.array(imageValue.packageName).optional(),
  release: value.kernelRelease.optional(),
});

const packages = z.strictObject({
  add: z.array(imageValue.packageWanted).optional(),
  remove: z.array(imageValue.packageName).optional(),
});

const dracut = z.strictObject({
  addModules: z.array(imageValue.dracutModule).optional(),
  omitModules: z
    .array(
      imageValue.dracutModule.refine(
        (name) => name !== "ostree",
        "must not be ostree: without it no machine finds its root",
      ),
    )
    .optional(),
  addDrivers: z.array(imageValue.kernelDriver).optional(),
  extraArguments: z.array(imageValue.dracutArgument).optional(),
  timeoutSeconds: value.seconds.optional(),
});

const sign = z
  .strictObject({
    privateKey: imageValue.cosignKey.optional(),
    privateKeyPath: value.text.optional(),
    password: value.text.optional(),
  })
  .refine(
    (each) => (each.privateKey === undefined) !== (each.privateKeyPath === undefined),
    "needs either privateKey or privateKeyPath",
  );

const platforms = ["linux/amd64", "linux/arm64"] as const;

/** What a program can write, beside `base`: that one goes on with what its tag means. */
const declaredBeside = {
  kernel,
  packages: packages.optional(),
  files: z.record(imageValue.imagePath, file).optional(),
  run: z.array(imageValue.runStep).optional(),
  dracut: dracut.optional(),
  registry: z.strictObject({
    repository: imageValue.repository,
    tags: z.array(imageValue.tag).optional(),
    ...registryLogin,
  }),
  builder: z
    .strictObject({
      tool: z.enum(["buildah", "podman"]).optional(),
      connection: z.strictObject({ host: value.host, ...hostLogin }).optional(),
    })
    .optional(),
  sign: sign.optional(),
  platform: z.enum(platforms).optional(),
  labels: z.record(imageValue.labelName, imageValue.labelValue).optional(),
  allowRebuild: z.boolean().optional(),
  deleteOnDestroy: z.boolean().optional(),
  deadlines: z
    .strictObject({ buildSeconds: value.seconds.optional(), pushSeconds: value.seconds.optional() })
    .optional(),
};

const base = { reference: imageValue.reference, ...registryLogin };

/** What a program can write. */
export const declaredShape = { base: z.strictObject(base), ...declaredBeside };

export const imageSchema = z.strictObject({
  ...declaredBeside,
  /** `reference` as the program gives it, a tag or a digest; `digest` as the constructor resolved it. */
  base: z.strictObject({ ...base, digest: z.string() }),
  /** Two-sided, like `base.digest`: read out of the RPMs' headers, observed in the finished image. */
  kernelRelease: z.string(),
  /** Two-sided: declared true; observed: the registry still has the digest. */
  published: z.boolean(),
  /** Path in the image → sha256 of the local file that `files.*.source` names: a changed file is a changed input. */
  __fileHashes: z.record(z.string(), z.string()),
  /** sha256 of the file that `sign.privateKeyPath` names: a new key in its place is another key. */
  __signKeyHash: z.string().optional(),
  __resolveError: z.string().optional(),
  /** Where the program gave secrets that are none by themselves: the texts have to be kept out of all lines. */
  __secretPaths: z.array(z.string()).optional(),
  __urn: z.string(),
});

export type ImageInputs = z.infer<typeof imageSchema>;
