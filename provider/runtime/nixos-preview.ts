import { asHostError } from "../core/errors";
import { bytes } from "../core/format";
import { requireAdoptable } from "../nixos/adoption";
import { observe } from "../nixos/context";
import { contextFor } from "../nixos/deploy";
import { describeDisk, recordDisks } from "../nixos/disk-check";
import { inWords } from "../nixos/disko-mode";
import { isInstaller, isNixos, type NixosFacts } from "../nixos/facts";
import { shortPath } from "../nixos/phases/install";
import { preflightProblems } from "../nixos/phases/preflight";
import type { NixosSpec } from "../nixos/spec";
import { runLocal } from "../transport/local";
import { connectSsh } from "../transport/ssh";
import type { Inputs } from "./inputs";
import { describeNew, info, silent, warning, type PreviewLine } from "./new-host";
import { nixosKind } from "./nixos-kind";

/** A machine that would be installed: the state knows nothing of its disks yet. */
export function describeNewNixosHost(inputs: Inputs): Promise<PreviewLine[]> {
  return describeNew(nixosKind, inputs, (checked) => {
    const context = contextFor({ connect: connectSsh, runLocal, progress: silent }, checked, undefined);
    return {
      session: context.session,
      lines: async () => installed(context.spec, await observe(context)),
      otherwise: "so its disks are not shown",
    };
  });
}

function installed(spec: NixosSpec, facts: NixosFacts): PreviewLine[] {
  const seen = `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}, ${bytes(facts.memoryKiB * 1024)} of RAM, ${facts.bootMode}`;
  if (spec.inputs.adopt === true) return [adoption(spec, facts, seen)];
  if (isNixos(facts))
    return [
      warning(
        `found ${seen}: it runs NixOS already; it is only taken over with adopt, and only wiped with install.allowReinstall`,
      ),
    ];
  const disks = recordDisks(facts, spec.disks).map(describeDisk).join(", ");
  const wipes = spec.phases.includes("disko")
    ? `; ${inWords(spec).does} ${disks || spec.disks.map((disk) => disk.device).join(", ")}`
    : "";
  const reboots = isInstaller(facts)
    ? "one reboot, from the installer that runs"
    : "two boots: into the installer by kexec, then";
  const problems = isInstaller(facts) ? [] : preflightProblems(spec, facts);
  return [
    info(`INSTALL of ${spec.machine}: found ${seen}${wipes}; ${reboots} into kernel ${spec.kernelRelease}`),
    ...problems.map(({ expected, seen: found }) =>
      warning(`the install would be refused: expected ${expected}, seen ${found}`),
    ),
  ];
}

function adoption(spec: NixosSpec, facts: NixosFacts, seen: string): PreviewLine {
  try {
    requireAdoptable(spec, facts);
    const to = `${shortPath(spec.toplevel)}, kernel ${spec.kernelRelease}`;
    return info(`ADOPT of ${spec.machine}: found ${seen}; nothing is wiped, the machine is moved to ${to}`);
  } catch (error) {
    return warning(`the adoption would be refused: ${asHostError(error).text()}`);
  }
}
