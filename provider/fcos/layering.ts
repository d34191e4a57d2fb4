/** What was layered on the machine itself, in words: it survives a rebase, and makes a system that no image describes. */
const statusKeys: Readonly<Record<string, string>> = {
  "requested-packages": "install",
  "requested-local-packages": "install",
  "requested-local-fileoverride-packages": "install",
  "requested-modules": "install the module",
  "requested-modules-enabled": "enable the module",
  "requested-base-removals": "remove",
  "requested-base-local-replacements": "replace",
  "base-remote-replacements": "replace",
  "initramfs-etc": "put into the initramfs:",
};

export function layeringOfStatus(deployment: Readonly<Record<string, unknown>>): string[] {
  const layered = Object.entries(statusKeys).flatMap(([key, verb]) =>
    namesIn(deployment[key]).map((name) => `${verb} ${name}`),
  );
  if (deployment["regenerate-initramfs"] === true) layered.push("regenerate the initramfs");
  if (typeof deployment["live-replaced"] === "string") layered.push("apply changes to the running system");
  return layered;
}

/** Packages by name; those that came from a repository are told as `{repository: [packages]}`. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((entry) => firstText(entry));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([source, packages]) =>
    namesIn(packages).map((name) => `${name} (${source})`),
  );
}

/** `[["kernel-6.9-1.x86_64", "kernel", …], […]]` begins with what took the place. */
function firstText(entry: unknown): string {
  return Array.isArray(entry) ? firstText(entry[0]) : String(entry);
}

const originKeys: Readonly<Record<string, string>> = {
  "packages/requested": "install",
  "packages/requested-local": "install",
  "packages/requested-local-fileoverride": "install",
  "modules/install": "install the module",
  "modules/enable": "enable the module",
  "overrides/remove": "remove",
  "overrides/replace-local": "replace",
  "rpmostree/initramfs-etc": "put into the initramfs:",
};
/** The groups by which bootc knows a deployment as one that it must not touch. */
const groups = ["rpmostree", "packages", "overrides", "modules"];

/** The same, from a deployment's origin: bootc only says that there is something. */
export function layeringOfOrigin(origin: string): string[] {
  return keysOf(origin).flatMap(({ group, key, value }) => {
    if (!groups.includes(group)) return [];
    if (key === "regenerate-initramfs") return value === "true" ? ["regenerate the initramfs"] : [];
    const verb = originKeys[`${group}/${key}`] ?? `${group}/${key}:`;
    return value
      .split(";")
      .filter(Boolean)
      .map((name) => `${verb} ${name.replace(/^[0-9a-f]{64}:/, "")}`);
  });
}

export function referenceOfOrigin(origin: string): string {
  return keysOf(origin).find(({ key }) => key === "container-image-reference")?.value ?? "";
}

function keysOf(origin: string): { group: string; key: string; value: string }[] {
  let group = "";
  return origin.split("\n").flatMap((line) => {
    group = /^\[(.*)\]$/.exec(line)?.[1] ?? group;
    const [, key, value = ""] = /^([^#=[]+)=(.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [{ group, key: key.trim(), value: value.trim() }];
  });
}
