import { z } from "zod";
import { connection } from "../host/connection-schema";
import { hostLogin } from "../host/login-schema";
import * as value from "../host/schema-values";
import * as nixosValue from "./schema-values";

/**
 * The shape of checked inputs, each value by itself; what depends on several: input-rules.ts.
 * Descriptions, units and defaults: resources/nixos-host-args.ts.
 */
const oldConnection = z.strictObject({ host: value.host.optional(), ...hostLogin });

export const phaseNames = ["kexec", "disko", "install", "reboot"] as const;

function isStretch(phases: readonly string[]): boolean {
  const first = phaseNames.indexOf(phases[0] as (typeof phaseNames)[number]);
  return phases.every((phase, index) => phaseNames[first + index] === phase);
}

/** A file's content: given right here, or read from the machine where Pulumi runs. */
const fileSource = { content: z.string().optional(), source: value.text.optional() };

function oneSource(file: { content?: string | undefined; source?: string | undefined }): boolean {
  return (file.content === undefined) !== (file.source === undefined);
}

const secretFile = z
  .strictObject({ ...fileSource, content: value.text.optional() })
  .refine(oneSource, "needs either content or source");

const extraFile = z
  .strictObject({ ...fileSource, owner: nixosValue.owner.optional(), mode: value.fileMode.optional() })
  .refine(oneSource, "needs either content or source");

const kexecImage = z
  .strictObject({
    path: value.text.optional(),
    url: value.downloadUrl.optional(),
    flake: nixosValue.flakeOutput.optional(),
    sha256: value.sha256.optional(),
    architecture: z.enum(["x86_64", "aarch64"]).optional(),
  })
  .refine(
    (image) => [image.path, image.url, image.flake].filter((each) => each !== undefined).length === 1,
    "needs one of path, url and flake",
  )
  .refine((image) => image.url === undefined || image.sha256 !== undefined, {
    path: ["sha256"],
    message: "is required with url: released bundles are replaced under the same URL",
  });

export const diskoModes = ["disko", "format", "mount"] as const;
export const hostKeyTypes = ["ed25519", "ecdsa", "rsa"] as const;
const unlockWays = ["console", "initrd-ssh", "tpm2", "key-file"] as const;

const disk = z.strictObject({
  device: nixosValue.device,
  serial: value.text.optional(),
  wwn: value.text.optional(),
  model: value.text.optional(),
  sizeBytes: nixosValue.sizeBytes.optional(),
});

const install = z.strictObject({
  connection: oldConnection.optional(),
  phases: z
    .array(z.enum(phaseNames))
    .min(1, "must name at least one phase")
    .refine(isStretch, `must be a stretch of ${phaseNames.join(", ")}, in this order, without gaps`)
    .optional(),
  kexec: z.union([kexecImage, z.array(kexecImage).min(1, "must name at least one image")]).optional(),
  kexecExtraFlags: z.array(value.text).optional(),
  disks: z.array(disk).min(1, "must name at least one disk").optional(),
  allowReinstall: z.array(value.text).optional(),
  reinstallTrigger: z.string().optional(),
  probeInPreview: z.boolean().optional(),
  installerPort: value.port.optional(),
  diskoMode: z.enum(diskoModes).optional(),
  extraFiles: z.record(nixosValue.targetPath, extraFile).optional(),
  diskEncryptionKeys: z.record(value.absolutePath, secretFile).optional(),
  sshHostKeys: z.partialRecord(z.enum(hostKeyTypes), secretFile).optional(),
  encryptedRootUnlock: z.enum(unlockWays).optional(),
});

const system = z.union(
  [
    z.strictObject({ flake: nixosValue.flakeReference }),
    z.strictObject({ toplevel: nixosValue.storePath, diskoScript: nixosValue.storePath.optional() }),
  ],
  { error: 'must be either { flake: "…#…" } or { toplevel: "/nix/store/…", diskoScript: "/nix/store/…" }' },
);

const nix = z.strictObject({
  buildOn: z.enum(["client", "target"]).optional(),
  builders: z.array(nixosValue.builderLine).optional(),
  substituteOnDestination: z.boolean().optional(),
  options: z.record(nixosValue.nixOption, z.string()).optional(),
});

/** What a program can write. */
export const declaredShape = {
  machine: value.machineName,
  connection,
  install: install.optional(),
  system,
  nix: nix.optional(),
  adopt: z.boolean().optional(),
};

const layout = z.strictObject({
  hash: z.string(),
  devices: z.array(z.string()),
  kept: z.array(z.string()),
  mountpoints: z.array(z.string()),
});

export const nixosHostSchema = z.strictObject({
  ...declaredShape,
  booted: z.strictObject({ kernelRelease: z.string(), toplevel: z.string() }),
  current: z.strictObject({ toplevel: z.string() }),
  bootDefault: z.strictObject({ toplevel: z.string() }),
  layout,
  /** Hash of kernel, initrd and parameters: whether an update needs a reboot. */
  __bootKey: z.string(),
  __diskoScript: z.string(),
  __needs: z.strictObject({
    system: z.string(),
    bootMode: z.enum(["uefi", "bios", ""]),
    /** Device → bytes that its partitions of a fixed size take. */
    diskBytes: z.record(z.string(), z.number()).optional(),
    /** Encrypted devices below the root that would wait for a passphrase at boot. */
    passphrases: z.array(z.string()).optional(),
  }),
  __evaluationError: z.string().optional(),
  __urn: z.string(),
});

export type NixosHostInputs = z.infer<typeof nixosHostSchema>;
