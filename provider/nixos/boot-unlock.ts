import { HostError } from "../core/errors";
import type { NixosSpec } from "./spec";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What the configuration says about opening encrypted devices at boot. */
export interface BootUnlock {
  /** `boot.initrd.luks.devices`: stage 1 opens all of them before it goes on. */
  luks: { [name: string]: { keyFile: string; options: string[] } };
  /** Files that the initrd carries: `boot.initrd.secrets`. */
  initrdFiles: string[];
  /** Devices that clevis opens. */
  clevis: string[];
  /** Whether the boot asks for the keys of ZFS. */
  asksForZfs: boolean;
}

/** Encrypted devices and data sets for which the boot would wait until somebody has unlocked them. */
export function passphrasesOf(unlock: BootUnlock | undefined, devices: Json): string[] {
  if (unlock === undefined) return [];
  const luks = Object.entries(unlock.luks)
    .filter(([name, { keyFile, options }]) => !opensByItself(name, keyFile, options, unlock))
    .map(([name]) => name);
  return [...luks, ...(unlock.asksForZfs ? promptingDatasets(devices) : [])].sort();
}

export function unlockProblem({ phases, inputs }: NixosSpec): { expected: string; seen: string } | undefined {
  const waiting = inputs.__needs.passphrases ?? [];
  if (waiting.length === 0 || inputs.install?.encryptedRootUnlock !== undefined) return undefined;
  if (!phases.includes("reboot")) return undefined;
  return {
    expected: "a system that boots by itself, or install.encryptedRootUnlock to say how it is unlocked",
    seen: `the boot would wait for a passphrase of ${waiting.join(", ")}`,
  };
}

/** For a machine that sits in an installer already: preflight is not run there. */
export function requireUnlockWay(spec: NixosSpec): void {
  const problem = unlockProblem(spec);
  if (problem === undefined) return;
  throw new HostError("preflight-refused", {
    what: "the installed machine would not come back by itself; nothing was changed",
    ...problem,
    next: "set install.encryptedRootUnlock, or give the device a key file in the configuration",
  });
}

/** What somebody has to do while the machine boots, or empty. */
export function unlockHint({ inputs }: Pick<NixosSpec, "inputs">): string {
  const waiting = inputs.__needs.passphrases ?? [];
  if (waiting.length === 0) return "";
  const names = waiting.join(", ");
  const way = inputs.install?.encryptedRootUnlock;
  if (way === "console") return `somebody must unlock ${names} at the machine's console now`;
  if (way === "initrd-ssh") return `somebody must unlock ${names} by ssh into the initrd now`;
  return "";
}

/** A key file counts where stage 1 can reach it: on a device, in the store, or in the initrd itself. */
function opensByItself(
  name: string,
  keyFile: string,
  options: readonly string[],
  unlock: BootUnlock,
): boolean {
  const mayFail = options.some((option) => option === "noauto" || option === "nofail");
  const reachable = /^\/(dev|nix\/store)\//.test(keyFile) || unlock.initrdFiles.includes(keyFile);
  const byTpm = options.some((option) => option.startsWith("tpm2-device="));
  return (keyFile !== "" && reachable) || byTpm || mayFail || unlock.clevis.includes(name);
}

function promptingDatasets(devices: Json): string[] {
  const pools = Object.entries(objectIn(objectIn(devices)["zpool"]));
  return pools.flatMap(([pool, value]) => {
    const { rootFsOptions = null, postCreateHook = null, datasets = null } = objectIn(value);
    const inside = Object.entries(objectIn(datasets)).filter(([name]) => name !== "__root");
    return [
      ...(prompts(rootFsOptions, postCreateHook) ? [pool] : []),
      ...inside.flatMap(([name, dataset]) => {
        const { options = null, postCreateHook: hook = null } = objectIn(dataset);
        return prompts(options, hook) ? [`${pool}/${name}`] : [];
      }),
    ];
  });
}

/** A key that lies in the installer's RAM while it formats is not there at boot. */
function prompts(options: Json, hook: Json): boolean {
  const { encryption = "off", keyformat = "", keylocation = "" } = objectIn(options);
  if (encryption === "off" || (keyformat === "" && keylocation === "")) return false;
  const laterPrompt = typeof hook === "string" && /keylocation=["']?prompt/.test(hook);
  return laterPrompt || !/^(https?:|file:\/\/(?!\/(tmp|run)\/))/.test(text(keylocation));
}

function text(value: Json): string {
  return typeof value === "string" ? value : "";
}

function objectIn(value: Json | undefined): { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
