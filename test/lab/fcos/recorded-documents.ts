/**
 * The keys and types of documents that the real tools printed: rpm-ostree 2022 to 2025 (fixtures of Zincati, tests of Red
 * Hat's Insights), and bootc's own JSON schema of `org.containers.bootc/v1`. The stand-ins are held against them.
 */
export type Shape = string | Shape[] | { [key: string]: Shape };

/** A key that ends in `?` is not in every document. Types are those of JSON; `any` is not looked into. */
const deployment: Shape = {
  id: "string",
  osname: "string",
  checksum: "string",
  serial: "number",
  timestamp: "number",
  booted: "boolean",
  staged: "boolean",
  pinned: "boolean",
  unlocked: "string",
  "base-commit-meta": "any",
  "requested-packages": ["string"],
  "requested-local-packages": ["string"],
  "requested-local-fileoverride-packages": ["string"],
  "requested-base-removals": ["string"],
  "requested-base-local-replacements": ["string"],
  packages: ["string"],
  "base-removals": ["any"],
  "base-local-replacements": ["any"],
  "base-remote-replacements": {},
  "regenerate-initramfs": "boolean",
  "initramfs-etc?": ["string"],
  "version?": "string",
  "finalization-locked?": "boolean",
  "container-image-reference?": "string",
  "container-image-reference-digest?": "string",
  "custom-origin?": ["string"],
  "origin?": "string",
  "gpg-enabled?": "boolean",
};

export const rpmOstreeStatus: Shape = {
  deployments: [deployment],
  transaction: "array or null",
  "cached-update": "object or null",
  "update-driver": "object or null",
};

export const rpmOstreeUpdateDriver: Shape = { "driver-name": "string", "driver-sd-unit": "string" };

const image: Shape = { image: "string", transport: "string", "signature?": "string" };

const bootEntry: Shape = {
  image: {
    image,
    version: "string or null",
    timestamp: "string or null",
    imageDigest: "string",
    architecture: "string",
  },
  cachedUpdate: "object or null",
  incompatible: "boolean",
  pinned: "boolean",
  softRebootCapable: "boolean",
  downloadOnly: "boolean",
  store: "string",
  ostree: { stateroot: "string", checksum: "string", deploySerial: "number" },
  composefs: "object or null",
};

export const bootcStatus: Shape = {
  apiVersion: "string",
  kind: "string",
  metadata: { name: "string" },
  spec: { image, bootOrder: "string" },
  status: {
    staged: bootEntry,
    booted: bootEntry,
    rollback: bootEntry,
    "otherDeployments?": [bootEntry],
    rollbackQueued: "boolean",
    type: "string",
    usrOverlay: "object or null",
  },
};

/** What is in a document and not in the recorded ones, or the other way round, or of another type; one line each. */
export function differences(seen: unknown, shape: Shape, path = "$"): string[] {
  if (Array.isArray(shape)) {
    if (!Array.isArray(seen)) return [`${path} is ${typeOf(seen)}, not array`];
    return seen.flatMap((each, index) => differences(each, shape[0] ?? "any", `${path}[${index}]`));
  }
  if (typeof shape === "string") {
    const types = shape.split(" or ");
    return shape === "any" || types.includes(typeOf(seen))
      ? []
      : [`${path} is ${typeOf(seen)}, not ${shape}`];
  }
  if (typeOf(seen) !== "object") return [`${path} is ${typeOf(seen)}, not object`];
  return differencesOfObjects(seen as Record<string, unknown>, shape, path);
}

function differencesOfObjects(
  seen: Record<string, unknown>,
  shape: { [key: string]: Shape },
  path: string,
): string[] {
  const known = new Map(Object.entries(shape).map(([key, value]) => [key.replace("?", ""), value]));
  const unknown = Object.keys(seen).filter((key) => !known.has(key));
  const missing = Object.keys(shape).filter((key) => !key.endsWith("?") && !(key in seen));
  return [
    ...unknown.map((key) => `${path}.${key} is in no recorded document`),
    ...missing.map((key) => `${path}.${key} is missing`),
    ...[...known].flatMap(([key, value]) =>
      key in seen ? differences(seen[key], value, `${path}.${key}`) : [],
    ),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
