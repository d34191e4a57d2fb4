// Part of a stand-in for a machine: the lease, as the product's script would keep it there.
import type { PlayedMachine } from "./machine-parts";
import type { Rule } from "./machine-parts";

export interface PlayedLease {
  until: number;
  since: number;
  run: string;
  holder: string;
  pid: number;
  started: string;
  client: string;
}

export const leaseRules: readonly Rule[] = [
  {
    name: "renew lease",
    pattern: /^dir=\/run\/pulumi-immutable-os lease=/,
    play: (machine, _, { script }) => ({ stdout: playLease(machine, script) }),
  },
  {
    name: "release lease",
    pattern: /^for lease in [\s\S]*'"run":"([0-9a-f]{32})"'/,
    play: ({ ram, disk }, match) => {
      for (const place of [ram, disk]) if (leaseIn(place)?.run === match[1]) place.lease = "";
      return {};
    },
  },
];

export function leaseIn({ lease }: { lease: string }): PlayedLease | undefined {
  return lease === "" ? undefined : (JSON.parse(lease) as PlayedLease);
}

/** Takes, renews or refuses it; what the script prints. */
export function playLease(machine: PlayedMachine, script: string): string {
  const { ram, disk, system } = machine;
  const asked = questionOf(script);
  const now = Math.floor(Date.now() / 1000);
  const holds = (lease: PlayedLease | undefined): boolean =>
    lease !== undefined && lease.until > now && ![asked.run, asked.gone].includes(lease.run);
  const inRam = leaseIn(ram);
  const other = inRam ?? (system === "nixos" ? leaseIn(disk) : undefined);
  if (ram.over.has(asked.run) || holds(other)) return `held ${now}\n${JSON.stringify(other) ?? ""}\n`;
  if (inRam !== undefined && inRam.run !== asked.run) ram.over.add(inRam.run);
  const write = (seconds: number): string =>
    JSON.stringify({ until: now + seconds, since: asked.since || now, run: asked.run, ...asked.owner });
  ram.lease = write(90);
  if (asked.onDisk && system !== "nixos") machine.violations.push(`a lease on the disk of ${system}`);
  const ours = disk.receipt.includes('{"machine":"web",');
  const stays = system === "nixos" ? asked.onDisk || ours : ours && disk.mounted && ram.receipt !== "";
  if (stays) disk.lease = write(690);
  machine.leases.push(`${system} ${stays ? "ram and disk" : "ram"} ${asked.run}`);
  return `mine ${now}\n${ram.lease}\n`;
}

function questionOf(script: string) {
  const [, run = "", gone = ""] = /run=([0-9a-f]{32}) gone=(\w+)/.exec(script) ?? [];
  const since = Number(/^since=(\d+);/m.exec(script)?.[1] ?? 0);
  const owner = /"\$run" '("holder":.*\})'; \}$/m.exec(script)?.[1] ?? "";
  return {
    ...{ run, gone, since, onDisk: /^if true; then keep/m.test(script) },
    owner: JSON.parse(`{${owner.replaceAll("'\\''", "'")}`) as object,
  };
}
