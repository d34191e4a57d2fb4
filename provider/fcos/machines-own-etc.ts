/** What a machine writes for itself: the image's own would take its users, its disks or its identity away. */
const reasons: readonly [path: RegExp, reason: string][] = [
  [/^(passwd|shadow|group|gshadow|subuid|subgid)-?$/, "the machine's users are in it"],
  [/^(fstab|crypttab)$/, "the machine's disks are in it"],
  [/^(machine-id|hostname)$/, "it says which machine it is"],
  [/^ssh\/ssh_host_[^/]*$/, "it is a host key, by which the machine is known"],
  [/^\.(updated|pwd\.lock)$/, "the running system writes it"],
];

/** Why a path of /etc is never given back what the image says of it; undefined where it may be. */
export function whyTheMachinesOwn(path: string): string | undefined {
  const below = path.replace(/^\/etc\//, "");
  return reasons.find(([own]) => own.test(below))?.[1];
}
