// Part of a stand-in for a machine: what a power cut takes away. Paths are valid at once, their files only once flushed.
import type { PlayedMachine, Rule } from "./machine-parts";

interface Writes {
  /** Valid, and only in the page cache. */
  inMemory: Set<string>;
  /** Valid, and empty. */
  broken: Set<string>;
  /** The product's mark of a copy that is not flushed: a boot_id. */
  mark: string;
}

/** Gone with the content of the disk, whose store is new then. */
const writesOf = new WeakMap<Set<string>, Writes>();

function writes({ disk: { store } }: PlayedMachine): Writes {
  const known = writesOf.get(store) ?? { inMemory: new Set(), broken: new Set(), mark: "" };
  writesOf.set(store, known);
  return known;
}

export function addToStore(machine: PlayedMachine, store: Set<string>, path: string): void {
  if (store === machine.disk.store && !store.has(path)) writes(machine).inMemory.add(path);
  store.add(path);
}

export function flush(machine: PlayedMachine): void {
  writes(machine).inMemory.clear();
}

/** What had not reached the disk is gone. */
export function losePower(machine: PlayedMachine): void {
  const { inMemory, broken } = writes(machine);
  for (const path of inMemory) broken.add(path);
  inMemory.clear();
}

export const isBroken = (machine: PlayedMachine, path: string): boolean => writes(machine).broken.has(path);

/** What the probe's test says of the running system's store. */
export function wentDownInCopy(machine: PlayedMachine): boolean {
  const { mark } = writes(machine);
  return machine.system === "nixos" && mark !== "" && mark !== machine.ram.bootId;
}

export const powerRules: readonly Rule[] = [
  {
    name: "mark the copy",
    pattern: /^mkdir -p "\$\(dirname \S+\/unflushed\)"$/m,
    play: (machine) => {
      writes(machine).mark ||= machine.ram.bootId;
      return {};
    },
  },
];

/** What a job's own script flushes before it makes anything bootable, or after it has. */
export function flushInJob(machine: PlayedMachine, quotedScript: string): void {
  if (!/^sync\nrm -f \S+\/unflushed\nnix-env |&& sync$/m.test(quotedScript)) return;
  flush(machine);
  if (quotedScript.includes("/unflushed")) writes(machine).mark = "";
}

export const powerEffects = {
  mend(machine: PlayedMachine): void {
    const known = writes(machine);
    for (const path of known.broken) machine.disk.store.delete(path);
    known.broken.clear();
    known.mark = "";
  },
};
