import type { z } from "zod";
import { declaredShape } from "../../../provider/nixos/schema";
import { valueAt, type Inputs, type Path } from "../../../provider/runtime/inputs";
import { alpha, device, hostKey } from "../support/builders";
import type { Files } from "./bad-input/files";

type Schema = z.core.$ZodTypes;

/** Stands for the key of a map. */
const anyKey = "*";

/** Every place where a user can write a value, from the schema itself: objects, lists and maps as well. */
export function everyField(shape: Readonly<Record<string, z.core.$ZodType>> = declaredShape): string[] {
  const fields = Object.entries(shape).flatMap(([key, schema]) => fieldsOf(schema, [key]));
  return [...new Set(fields.map((path) => path.join(".")))];
}

function fieldsOf(schema: z.core.$ZodType, path: string[]): string[][] {
  const { def } = (schema as Schema)._zod;
  if (def.type === "optional") return fieldsOf(def.innerType, path);
  if (def.type === "union") return def.options.flatMap((option) => fieldsOf(option, path));
  if (def.type === "array") return [path, ...fieldsOf(def.element, [...path, "0"])];
  if (def.type === "record") return [path, ...fieldsOf(def.valueType, [...path, anyKey])];
  if (def.type !== "object") return [path];
  return [path, ...Object.entries(def.shape).flatMap(([key, inner]) => fieldsOf(inner, [...path, key]))];
}

/** The place in these inputs, if they have a value there. */
export function placeIn(inputs: Inputs, field: string): Path | undefined {
  const path: string[] = [];
  for (const key of field.split(".")) {
    const holder = valueAt(inputs, path);
    const keys = typeof holder === "object" && holder !== null ? Object.keys(holder) : [];
    const found = key === anyKey ? keys[0] : key;
    if (found === undefined || !keys.includes(found)) return undefined;
    path.push(found);
  }
  return path;
}

/** Good inputs which together write every field: what excludes each other stands in different ones. */
export function everyGoodInput(files: Files): Inputs[] {
  const good = files.goodInputs();
  const { key, bundle, ed25519 } = files;
  const sha256 = "a".repeat(64);
  const jumpHost = { host: "192.0.2.1", user: "hop", port: 2222, hostKey };
  const deadlines = { connectSeconds: 5, bootSeconds: 60, phaseSeconds: 60 };
  const byPath = { user: "ops", port: 2222, hostKey, privateKeyPath: key, passphrase: "open sesame" };
  const given = {
    user: "ops",
    port: 2222,
    hostKey: [hostKey],
    privateKey: ed25519,
    sudoPassword: "hunter22",
  };
  const disk = { device, serial: "S1", wwn: "0x5", model: "QEMU", sizeBytes: 4096 };
  return [
    {
      ...good,
      connection: {
        host: "h",
        ...byPath,
        sudoPassword: "hunter22",
        jumpHost: { ...jumpHost, ...byPath },
        deadlines,
      },
      install: {
        connection: { host: "i", ...given, jumpHost: { ...jumpHost, privateKey: ed25519 } },
        phases: ["kexec", "disko", "install", "reboot"],
        kexec: { path: bundle, architecture: "x86_64" },
        kexecExtraFlags: ["--no-checks"],
        disks: [disk],
        allowReinstall: [device],
        reinstallTrigger: "1",
        probeInPreview: false,
        installerPort: 2223,
        diskoMode: "format",
        extraFiles: { "/etc/motd": { content: "hello", owner: "root:root", mode: "0644" } },
        diskEncryptionKeys: { "/tmp/disk.key": { content: "open sesame" } },
        sshHostKeys: {
          ed25519: { content: ed25519 },
          ecdsa: { content: files.ecdsa },
          rsa: { source: files.rsaKey },
        },
        encryptedRootUnlock: "tpm2",
      },
      nix: {
        buildOn: "client",
        builders: ["ssh://b"],
        substituteOnDestination: true,
        options: { cores: "2", "secret-key-files": "/etc/nix/key" },
      },
    },
    {
      ...good,
      connection: { host: "h", ...given, jumpHost: { ...jumpHost, hostKey: [hostKey], privateKey: ed25519 } },
      install: {
        connection: { ...byPath, jumpHost: { ...jumpHost, ...byPath, hostKey: [hostKey] } },
        kexec: [{ path: bundle }],
        extraFiles: { "/etc/motd": { source: bundle } },
        diskEncryptionKeys: { "/tmp/disk.key": { source: bundle } },
        sshHostKeys: {
          ed25519: { source: key },
          ecdsa: { source: files.ecdsaKey },
          rsa: { content: files.rsa },
        },
      },
      system: { toplevel: alpha, diskoScript: `${alpha}-disko` },
      adopt: true,
    },
    {
      ...good,
      connection: { host: "h", hostKey, agent: false, jumpHost: { ...jumpHost, agent: false } },
      install: {
        connection: { hostKey: [hostKey], agent: false, jumpHost: { ...jumpHost, agent: false } },
        kexec: { url: "https://example.org/k.tar.gz", sha256 },
      },
    },
    ...[
      { url: "https://example.org/k.tar.gz", sha256, architecture: "aarch64" },
      { flake: "github:o/r/abc#k" },
    ].map((image) => ({ ...good, install: { kexec: [image], connection: given } })),
    { ...good, install: { kexec: { flake: "github:o/r/abc#k" }, connection: { ...byPath, hostKey } } },
  ];
}
