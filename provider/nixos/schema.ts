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

const connection = z
  .strictObject({ host: z.string().min(1, "must not be empty"), ...login, deadlines: deadlines.optional() })
  .superRefine(oneKeyOnly);

const oldConnection = z
  .strictObject({ host: z.string().min(1, "must not be empty").optional(), ...login })
  .superRefine(oneKeyOnly);

export const phaseNames = ["kexec", "disko", "install", "reboot"] as const;

const install = z.strictObject({
  connection: oldConnection.optional(),
  phases: z
    .array(z.enum(phaseNames))
    .min(1, "must name at least one phase")
    .refine(isStretch, `must be a stretch of ${phaseNames.join(", ")}, in this order, without gaps`)
    .optional(),
  kexec: z
    .strictObject({
      path: z.string().min(1, "must not be empty").optional(),
      url: z.url("must be a URL").optional(),
      sha256: sha256.optional(),
    })
    .refine((image) => (image.path === undefined) !== (image.url === undefined), "needs either path or url")
    .refine((image) => image.url === undefined || image.sha256 !== undefined, {
      path: ["sha256"],
      message: "is required with url: released bundles are replaced under the same URL",
    })
    .optional(),
  disks: z
    .array(
      z.strictObject({
        device: z.string().regex(/^\/dev\/.+/, "must be a path below /dev"),
        serial: z.string().min(1, "must not be empty").optional(),
        wwn: z.string().min(1, "must not be empty").optional(),
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
    booted: z.strictObject({ kernelRelease: z.string(), toplevel: z.string() }),
    current: z.strictObject({ toplevel: z.string() }),
    bootDefault: z.strictObject({ toplevel: z.string() }),
    layout,
    /** Hash of kernel, initrd and parameters: whether an update needs a reboot. */
    __bootKey: z.string(),
    __diskoScript: z.string(),
    __needs: z.strictObject({ system: z.string(), bootMode: z.enum(["uefi", "bios", ""]) }),
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
