import type { diskoModes } from "./schema";
import type { NixosSpec } from "./spec";

export type DiskoMode = (typeof diskoModes)[number];

/**
 * What disko calls the scripts, below `system.build`. Its formatScript would not mount what it formatted; formatMount,
 * since 2024-11, does both, and asks nothing.
 */
export const diskoOutputs: Record<DiskoMode, string> = {
  disko: "diskoScript",
  format: "formatMount",
  mount: "mountScript",
};

interface ModeInWords {
  /** What it does to the disks that are named behind it. */
  does: string;
  /** The same while it happens. */
  doing: string;
  done: string;
  /** What an install by it is called where a layout changes. */
  reinstall: string;
  consent: string;
  /** What a half-done run leaves. */
  failed: string;
}

/** What each of disko's modes does to the disks: whoever agrees to it must read the truth. */
const modes: Record<DiskoMode, ModeInWords> = {
  disko: {
    does: "WIPES",
    doing: "wiping",
    done: "wiped",
    consent: "REINSTALL wipes these disks",
    reinstall: "REINSTALL",
    failed: "the disks are neither what they were nor what was declared",
  },
  format: {
    does: "FORMATS whatever is not formatted yet on",
    doing: "formatting what is not formatted yet on",
    done: "formatted",
    consent: "REINSTALL formats what is not formatted yet on these disks, and installs onto what is there",
    reinstall: "REINSTALL onto what is on the disks",
    failed: "what was not formatted before may be half-done; file systems that were there are kept",
  },
  mount: {
    does: "keeps, and mounts, what is on",
    doing: "mounting what is on",
    done: "mounted",
    consent: "REINSTALL keeps what is on these disks, and installs onto it",
    reinstall: "REINSTALL onto what is on the disks",
    failed: "nothing was formatted",
  },
};

export function inWords({ diskoMode }: Pick<NixosSpec, "diskoMode">): ModeInWords {
  return modes[diskoMode];
}

/** Whether disko writes to the disks: after that they hold something else than before. */
export function writesToDisks({ diskoMode }: Pick<NixosSpec, "diskoMode">): boolean {
  return diskoMode !== "mount";
}
