import type { Access } from "../core/shell";

/** Without the brackets that belong to an IPv6 address only where a port follows. */
export function hostOf({ host }: Pick<Access, "host">): string {
  return /^\[(.+)\]$/.exec(host)?.[1] ?? host;
}

export function addressOf(access: Pick<Access, "host" | "port">): string {
  const host = hostOf(access);
  return host.includes(":") ? `[${host}]:${access.port}` : `${host}:${access.port}`;
}

/** A host as errors name it: which of the two it is where there is a host between. */
export function placeOf(access: Access): string {
  return named(access, addressOf(access));
}

/** As placeOf, with the user who is logged in. */
export function loginOf(access: Access): string {
  return named(access, `${access.user}@${addressOf(access)}`);
}

/** The property that errors send the reader to. */
export function labelOf(labelled: { label?: string }): string {
  return labelled.label ?? "connection";
}

function named(access: Access, address: string): string {
  if (access.jump) return `${address} (through jumpHost ${addressOf(access.jump)})`;
  return labelOf(access).endsWith("jumpHost") ? `jumpHost ${address}` : address;
}
