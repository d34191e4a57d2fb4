import { z } from "zod";

/** The shape of checked inputs. Descriptions, units and defaults: resources/nixos-host-args.ts. */
const seconds = z.number().positive("must be a number of seconds above 0");
const port = z.int().min(1, "must be a port from 1 to 65535").max(65535, "must be a port from 1 to 65535");
const storePath = z
  .string()
  .regex(
    /^\/nix\/store\/[0-9a-z]{32}-[^/]+$/,
    "must be a store path such as /nix/store/<hash>-nixos-system-web-25.05",
  );
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits, as sha256sum prints them");
const hostKeyText = z
  .string()
  .regex(
    /^(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+=*( .*)?$|^SHA256:[A-Za-z0-9+/]{43}=?$/,
    'must be a public key ("ssh-ed25519 AAAA…"), a fingerprint ("SHA256:…") or "accept-new"',
  );

const deadlines = z.strictObject({
  connectSeconds: seconds.optional(),
  bootSeconds: seconds.optional(),
  phaseSeconds: seconds.optional(),
});

const text = z.string().min(1, "must not be empty");

const login = {
  user: z.string().min(1, "must not be empty").optional(),
  port: port.optional(),
  privateKey: z.string().min(1, "must not be empty").optional(),
  privateKeyPath: z.string().min(1, "must not be empty").optional(),
  passphrase: z.string().optional(),
  agent: z.union([z.boolean(), z.string().min(1, "must not be empty")]).optional(),
  hostKey: z
    .union([z.literal("accept-new"), hostKeyText, z.array(hostKeyText).min(1, "must name at least one key")])
    .optional(),
};

const jumpHost = z.strictObject({ host: text, ...login }).superRefine(oneKeyOnly);

const hostLogin = { ...login, sudoPassword: text.optional(), jumpHost: jumpHost.optional() };

const connection = z
  .strictObject({ host: text, ...hostLogin, deadlines: deadlines.optional() })
  .superRefine(oneKeyOnly);

const oldConnection = z.strictObject({ host: text.optional(), ...hostLogin }).superRefine(oneKeyOnly);

export const phaseNames = ["kexec", "disko", "install", "reboot"] as const;

/** A file's content: given right here, or read from the machine where Pulumi runs. */
const fileSource = { content: z.string().optional(), source: text.optional() };

function oneSource(file: { content?: string | undefined; source?: string | undefined }): boolean {
  return (file.content === undefined) !== (file.source === undefined);
}

const secretFile = z.strictObject(fileSource).refine(oneSource, "needs either content or source");

const extraFile = z
  .strictObject({
    ...fileSource,
    owner: z
      .string()
      .regex(
        /^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$/,
        'must be "user", "user:group" or numbers such as "1000:100"',
      )
      .optional(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0640"')
      .optional(),
  })
  .refine(oneSource, "needs either content or source");

const absolutePath = z
  .string()
  .regex(/^\/(?!\/)(?!.*\/\.{1,2}(\/|$)).*[^/]$/, "must be an absolute path of a file, without . and ..");

const kexecImage = z
  .strictObject({
    path: text.optional(),
    url: z.url("must be a URL").optional(),
    flake: text.optional(),
    sha256: sha256.optional(),
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
export const unlockWays = ["console", "initrd-ssh", "tpm2", "key-file"] as const;

const install = z.strictObject({
  connection: oldConnection.optional(),
  phases: z
    .array(z.enum(phaseNames))
    .min(1, "must name at least one phase")
    .refine(isStretch, `must be a stretch of ${phaseNames.join(", ")}, in this order, without gaps`)
    .optional(),
  kexec: z.union([kexecImage, z.array(kexecImage).min(1, "must name at least one image")]).optional(),
  kexecExtraFlags: z.array(text).optional(),
  disks: z
    .array(
      z.strictObject({
        device: z.string().regex(/^\/dev\/.+/, "must be a path below /dev"),
        serial: z.string().min(1, "must not be empty").optional(),
        wwn: z.string().min(1, "must not be empty").optional(),
        model: text.optional(),
        sizeBytes: z.int().positive().optional(),
      }),
    )
    .min(1, "must name at least one disk")
    .refine(
      (disks) => new Set(disks.map((disk) => disk.device)).size === disks.length,
      "names one device twice",
    )
    .optional(),
  allowReinstall: z.array(z.string().min(1, "must not be empty")).optional(),
  reinstallTrigger: z.string().optional(),
  probeInPreview: z.boolean().optional(),
  installerPort: port.optional(),
  diskoMode: z.enum(diskoModes).optional(),
  extraFiles: z.record(absolutePath, extraFile).optional(),
  diskEncryptionKeys: z.record(absolutePath, secretFile).optional(),
  sshHostKeys: z.partialRecord(z.enum(hostKeyTypes), secretFile).optional(),
  encryptedRootUnlock: z.enum(unlockWays).optional(),
});

const system = z.union(
  [
    z.strictObject({
      flake: z
        .string()
        .regex(/^[^#]+#[^#]+$/, 'must be "<flake reference>#<configuration>", such as "./machines#web"'),
    }),
    z.strictObject({ toplevel: storePath, diskoScript: storePath.optional() }),
  ],
  { error: 'must be either { flake: "…#…" } or { toplevel: "/nix/store/…", diskoScript: "/nix/store/…" }' },
);

const nix = z.strictObject({
  buildOn: z.enum(["client", "target"]).optional(),
  builders: z.array(text).optional(),
  substituteOnDestination: z.boolean().optional(),
  options: z.record(text, z.string()).optional(),
});

const layout = z.strictObject({
  hash: z.string(),
  devices: z.array(z.string()),
  kept: z.array(z.string()),
  mountpoints: z.array(z.string()),
});

export const nixosHostSchema = z
  .strictObject({
    machine: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be a name of letters, digits, '.', '_' and '-'"),
    connection,
    install: install.optional(),
    system,
    nix: nix.optional(),
    adopt: z.boolean().optional(),
    booted: z.strictObject({ kernelRelease: z.string(), toplevel: z.string() }),
    current: z.strictObject({ toplevel: z.string() }),
    bootDefault: z.strictObject({ toplevel: z.string() }),
    layout,
    /** Hash of kernel, initrd and parameters: whether an update needs a reboot. */
    __bootKey: z.string(),
    __diskoScript: z.string(),
    /** The derivations of toplevel and disko script, for a build on the target. */
    __derivations: z.strictObject({ toplevel: z.string(), diskoScript: z.string() }).optional(),
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
  })
  .superRefine((inputs, context) => {
    const { install: plan, connection: way } = inputs;
    if (way.hostKey === undefined) {
      context.addIssue({
        code: "custom",
        path: ["connection", "hostKey"],
        message:
          'is missing: give the host\'s public key or fingerprint, or "accept-new" to pin the first one seen',
      });
    }
    if (plan?.disks === undefined || inputs.layout.devices.length === 0) return;
    const named = plan.disks.map((disk) => disk.device).sort();
    if (named.join() !== [...inputs.layout.devices].sort().join()) {
      context.addIssue({
        code: "custom",
        path: ["install", "disks"],
        message: `must name exactly the disks that the layout wipes: ${inputs.layout.devices.join(", ")}`,
      });
    }
  });

export type NixosHostInputs = z.infer<typeof nixosHostSchema>;

function oneKeyOnly(
  login: { privateKey?: string | undefined; privateKeyPath?: string | undefined; agent?: unknown },
  context: z.RefinementCtx,
): void {
  const given = [login.privateKey, login.privateKeyPath, login.agent || undefined].filter(
    (key) => key !== undefined,
  );
  if (given.length > 1) {
    context.addIssue({
      code: "custom",
      path: ["privateKeyPath"],
      message: "give one of privateKey, privateKeyPath and agent",
    });
  }
}

function isStretch(phases: readonly string[]): boolean {
  const first = phaseNames.indexOf(phases[0] as (typeof phaseNames)[number]);
  return phases.every((phase, index) => phaseNames[first + index] === phase);
}
