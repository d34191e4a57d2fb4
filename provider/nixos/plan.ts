import { HostError } from "../core/errors";
import { disksWithoutConsent, howToConsent } from "./consent";
import type { NixosContext } from "./context";
import { findDisk } from "./disk-check";
import { isInstaller, isNixos, type NixosFacts } from "./facts";
import { receiptSays } from "./install-receipt";
import { installSequence, updateSequence, type Sequence } from "./sequences";
import type { NixosSpec } from "./spec";

/** What the state remembers of an earlier run, if there was one. */
export interface Earlier {
  /** The install whose disks were written; empty before the first wipe. */
  installKey: string;
}

/** Chooses what to run from what the machine shows: create, update, resume and rollback differ in nothing else. */
export function plan(context: NixosContext, facts: NixosFacts, earlier: Earlier | undefined): Sequence {
  const { spec } = context;
  refuseForeignReceipt(spec, facts);
  if (isInstaller(facts)) {
    // A machine that was installed, and that our own run did not bring here, still has its system on the disks.
    const ours = receiptSays(facts, context, "kexec");
    if (earlier !== undefined && earlier.installKey !== "" && !ours)
      requireFreshInstall(spec, facts, earlier);
    return requireInstallInputs(spec);
  }
  const installed =
    receiptSays(facts, context, "install") ||
    (earlier !== undefined && earlier.installKey === spec.installKey);
  if (isNixos(facts) && installed) return updateSequence;
  if (isNixos(facts) || (earlier !== undefined && earlier.installKey !== ""))
    requireConsent(spec, facts, earlier);
  return requireInstallInputs(spec);
}

function requireInstallInputs(spec: NixosSpec): Sequence {
  const { install, system } = spec.inputs;
  const missing = [
    spec.phases.includes("kexec") &&
      install?.kexec === undefined &&
      "install.kexec (path, or url with sha256)",
    spec.phases.includes("disko") &&
      spec.inputs.__diskoScript === "" &&
      ("flake" in system ? "disko in the configuration (system.build.diskoScript)" : "system.diskoScript"),
    spec.phases.includes("disko") && spec.disks.length === 0 && "install.disks",
  ].filter((item) => typeof item === "string");
  if (missing.length > 0) {
    throw new HostError("bad-input", {
      what: "the machine has to be installed, but the program does not say how; nothing was changed",
      expected: missing.join(", "),
      seen: "not given",
      next: "add it to the program",
    });
  }
  return installSequence(spec);
}

function refuseForeignReceipt(spec: NixosSpec, facts: NixosFacts): void {
  if (facts.receipt === undefined || facts.receipt.machine === spec.machine) return;
  throw new HostError("foreign-machine", {
    what: "this machine holds the receipt of another resource; nothing was changed",
    expected: `machine "${spec.machine}"`,
    seen: `machine "${facts.receipt.machine}"`,
    next:
      "check connection.host; two resources must not deploy to one machine. If the other one is gone for good, " +
      "remove /var/lib/pulumi-immutable-os/receipt.json on the machine",
  });
}

function requireFreshInstall(spec: NixosSpec, facts: NixosFacts, earlier: Earlier): void {
  if (earlier.installKey !== spec.installKey) return requireConsent(spec, facts, earlier);
  throw new HostError("reinstall-refused", {
    what: "the machine sits in an installer, but its disks hold the system that was installed; nothing was changed",
    expected: "the installed system, or an installer that this resource booted for this very install",
    seen: `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}, and no receipt of such an install`,
    next:
      "reboot the machine into its system, then run pulumi up again. If that system is gone, set another " +
      "install.reinstallTrigger and name the disks in install.allowReinstall",
  });
}

/** A system that runs is only wiped when the program names its disks. */
function requireConsent(spec: NixosSpec, facts: NixosFacts, earlier: Earlier | undefined): void {
  const missing = disksWithoutConsent(spec, (device) => findDisk(facts, device)?.serial);
  if (missing.length === 0 && spec.disks.length > 0) return;
  throw new HostError(earlier === undefined ? "foreign-system" : "reinstall-refused", {
    what:
      earlier === undefined
        ? "the machine runs NixOS already, and this resource did not install it; nothing was changed"
        : "the machine would have to be reinstalled; nothing was changed",
    expected: `install.allowReinstall to name ${missing.join(", ") || "the disks"}`,
    seen: `${JSON.stringify(spec.allowReinstall)} on ${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}`,
    next: howToConsent,
  });
}
