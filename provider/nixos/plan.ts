import { HostError } from "../core/errors";
import { howToAdopt, isAdoption, requireAdoptable } from "./adoption";
import { disksWithoutConsent, howToConsent } from "./consent";
import type { Earlier, NixosContext } from "./context";
import { receiptPaths, refuseForeignReceipt } from "../host/receipt";
import { findDisk } from "./disk-check";
import { diskoOutputs } from "./disko-mode";
import { isInstaller, isNixos, type NixosFacts } from "./facts";
import { receiptSays } from "./install-receipt";
import { requireInstallerFor } from "./live-system";
import { installSequence, updateSequence, type Sequence } from "./sequences";
import type { NixosSpec } from "./spec";

/** Chooses what to run from what the machine shows: create, update, resume and rollback differ in nothing else. */
export function plan(context: NixosContext, facts: NixosFacts, earlier: Earlier | undefined): Sequence {
  const { spec } = context;
  if (isAdoption(context, facts, earlier)) {
    requireAdoptable(spec, facts);
    return updateSequence;
  }
  refuseForeign(spec, facts);
  const wasInstalled = earlier !== undefined && earlier.installKey !== "";
  // What disko began is to be ended: consent was given, and there is nothing to lose any more.
  const begun = earlier?.begun === spec.installKey;
  if (isInstaller(facts)) {
    // A machine that was installed, and that our own run did not bring here, still has its system on the disks.
    if (wasInstalled && !begun && !receiptSays(facts, context, "kexec"))
      requireFreshInstall(spec, facts, earlier);
    return requireInstallInputs(spec);
  }
  if (isNixos(facts) && isOurs(context, facts, earlier)) return updateSequence;
  if (isNixos(facts) || (wasInstalled && !begun)) requireConsent(spec, facts, earlier);
  requireInstallerFor(spec, facts);
  return requireInstallInputs(spec);
}

/** A receipt that says "disko" lies on the disk that our own disko made: what runs from it is our install. */
function isOurs(context: NixosContext, facts: NixosFacts, earlier: Earlier | undefined): boolean {
  return receiptSays(facts, context, "disko") || earlier?.installKey === context.spec.installKey;
}

function requireInstallInputs(spec: NixosSpec): Sequence {
  const { install, system } = spec.inputs;
  const missing = [
    spec.phases.includes("kexec") &&
      install?.kexec === undefined &&
      "install.kexec (path, or url with sha256)",
    spec.phases.includes("disko") &&
      spec.inputs.__diskoScript === "" &&
      ("flake" in system
        ? `disko in the configuration (system.build.${diskoOutputs[spec.diskoMode]})`
        : "system.diskoScript"),
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

function refuseForeign(spec: NixosSpec, facts: NixosFacts): void {
  const adopt = isNixos(facts) ? `${howToAdopt} ` : "";
  const anew = `To install the machine anew, remove ${receiptPaths.join(" and ")} on it`;
  refuseForeignReceipt(spec.machine, facts.receipt, adopt + anew);
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
  const neverOurs = earlier === undefined || earlier.installKey === "";
  throw new HostError(earlier === undefined ? "foreign-system" : "reinstall-refused", {
    what:
      earlier === undefined
        ? "the machine runs NixOS already, and this resource did not install it; nothing was changed"
        : "the machine would have to be reinstalled; nothing was changed",
    expected: `install.allowReinstall to name ${missing.join(", ") || "the disks"}`,
    seen: `${JSON.stringify(spec.allowReinstall)} on ${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}`,
    next: [neverOurs && isNixos(facts) && howToAdopt, howToConsent(spec)].filter(Boolean).join(" "),
  });
}
