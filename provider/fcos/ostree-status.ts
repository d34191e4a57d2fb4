/** What `ostree admin status` says of every deployment, in the order in which the boot loader tries them. */
export type OstreeStatus = ReadonlyMap<string, { stateroot: string; unlocked: string }>;

/** `* fedora-coreos <checksum>.0 (staged)`, then indented lines about it. */
export function parseOstreeStatus(text: string): OstreeStatus {
  const found = new Map<string, { stateroot: string; unlocked: string }>();
  let last = { stateroot: "", unlocked: "none" };
  for (const line of text.split("\n")) {
    const [, stateroot, id] = /^[^\w]*(\S+) ([0-9a-f]{64}\.\d+)( .*)?$/.exec(line) ?? [];
    if (stateroot !== undefined && id !== undefined) {
      last = { stateroot, unlocked: "none" };
      found.set(id, last);
    }
    last.unlocked = /^\s+Unlocked: (\w+)/.exec(line)?.[1] ?? last.unlocked;
  }
  return found;
}
