import { pinned, refused } from "./document-rules";
import { listAt, readDocument, type IgnitionConfig } from "./ignition-document";
import { authorityProblem } from "../core/pem";
import { containersAuth } from "../host/registry-login";
import type { RegistryLogin } from "./types";

export type { IgnitionConfig } from "./ignition-document";

export interface IgnitionOptions {
  /** What the machine needs to pull. */
  registry?: RegistryLogin | undefined;
  /** Whether the machine's policy must find a valid signature. */
  signed?: boolean | undefined;
  /** Another Ignition document that this one goes into. */
  merge?: unknown;
}

const version = "3.4.0";
const unitName = "immutable-os-rebase.service";

/**
 * A document whose first boot moves a stock Fedora CoreOS machine to the image. What the specification says of its
 * parts holds for all versions 3.x, so that a document that it goes into keeps its own.
 */
export function ignitionConfig(reference: string, options: IgnitionOptions = {}): IgnitionConfig {
  const { registry, text } = pinned("image", reference);
  const given = readDocument(options.merge ?? { ignition: { version } });
  const files = [...loginFile(registry, options.registry), ...authorityFile(registry, options.registry)];
  const units = [
    { name: unitName, enabled: true, contents: rebaseUnit(text, options.signed ?? false) },
    // It would look for updates of the stock image. Whoever has own plans with it has a unit of it in the document.
    ...(listAt(given, "systemd", "units").some(({ name }) => name === zincati)
      ? []
      : [{ name: zincati, mask: true }]),
  ];
  return {
    ...given,
    ...(files.length > 0 && { storage: joined(given, "storage", "files", "path", files) }),
    systemd: joined(given, "systemd", "units", "name", units),
  };
}

const zincati = "zincati.service";

/** The given part with ours after it; what both have cannot be decided here. */
function joined(
  given: IgnitionConfig,
  part: "storage" | "systemd",
  list: "files" | "units",
  key: "path" | "name",
  ours: readonly Record<string, unknown>[],
): Record<string, unknown> {
  const theirs = listAt(given, part, list);
  const others =
    part === "storage" ? [...listAt(given, part, "directories"), ...listAt(given, part, "links")] : [];
  for (const { [key]: name } of ours)
    if ([...theirs, ...others].some((each) => each[key] === name))
      throw refused(`merge.${part}`, `must leave ${String(name)} alone: it is written for the image`);
  return { ...given[part], [list]: [...theirs, ...ours] };
}

/** The order of Fedora CoreOS's documentation for units that layer something and reboot. */
function rebaseUnit(reference: string, signed: boolean): string {
  const source = signed
    ? `ostree-image-signed:docker://${reference}`
    : `ostree-unverified-registry:${reference}`;
  return `[Unit]
Description=Move this machine to its layered image
# Once: no later boot undoes a rollback, or another image.
ConditionPathExists=!/var/lib/%N.stamp
ConditionPathExists=!/run/ostree-live
Wants=network-online.target
After=network-online.target
# A reboot before this would run Ignition a second time. The second name is the older one.
After=coreos-ignition-firstboot-complete.service ignition-firstboot-complete.service
Before=${zincati}

[Service]
Type=oneshot
RemainAfterExit=yes
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=60min
Restart=on-failure
RestartSec=30
ExecStart=/usr/bin/rpm-ostree rebase --bypass-driver ${source}
ExecStart=/usr/bin/touch /var/lib/%N.stamp
ExecStart=/usr/bin/systemctl --no-block reboot

[Install]
WantedBy=multi-user.target
`;
}

/** Where ostree looks for a login: ostree-container(1). */
function loginFile(registry: string, login: RegistryLogin = {}): Record<string, unknown>[] {
  const { username, password } = login;
  if (username === undefined && password === undefined) return [];
  if (!username || username.includes(":"))
    throw refused("registry.username", 'must be given with registry.password, and hold no ":"');
  if (!password) throw refused("registry.password", "must be given with registry.username");
  const content = `${JSON.stringify(containersAuth([registry], username, password), undefined, 2)}\n`;
  return [fileOf("/etc/ostree/auth.json", content, 0o600)];
}

/** World-readable: the pull runs as another user than root. */
function authorityFile(
  registry: string,
  { certificateAuthority: pem }: RegistryLogin = {},
): Record<string, unknown>[] {
  if (pem === undefined) return [];
  const problem = authorityProblem(pem);
  if (problem !== undefined) throw refused("registry.certificateAuthority", problem);
  return [fileOf(`/etc/containers/certs.d/${registry}/ca.crt`, pem, 0o644)];
}

function fileOf(path: string, content: string, mode: number): Record<string, unknown> {
  const source = `data:;base64,${Buffer.from(content).toString("base64")}`;
  return { path, overwrite: true, mode, contents: { source } };
}
