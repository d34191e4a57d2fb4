import { asHostError } from "../core/errors";
import { bytes } from "../core/format";
import { observe } from "../nixos/context";
import { contextFor } from "../nixos/deploy";
import { describeDisk, recordDisks } from "../nixos/disk-check";
import { isInstaller, isNixos } from "../nixos/facts";
import { preflightProblems } from "../nixos/phases/preflight";
import { runLocal } from "../transport/local";
import { connectSsh } from "../transport/ssh";
import { within } from "../core/deadline";
import { inputProblems, parseInputs, type Inputs } from "./inputs";

const deadlineSeconds = 20;

export interface PreviewLine {
  text: string;
  severity: "info" | "warn";
}

/** One read-only look at a machine that would be installed: the state knows nothing of its disks yet. */
export async function describeNewHost(inputs: Inputs): Promise<PreviewLine[]> {
  // `check` says what is wrong with them.
  if (inputProblems(inputs).length > 0) return [];
  const context = contextFor(
    { connect: connectSsh, runLocal, progress: silent },
    parseInputs(inputs),
    undefined,
  );
  const { spec, session } = context;
  try {
    const facts = await within(deadlineSeconds, "the look at the machine", observe(context));
    const seen = `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}, ${bytes(facts.memoryKiB * 1024)} of RAM, ${facts.bootMode}`;
    if (isNixos(facts))
      return [
        {
          text: `found ${seen}: it runs NixOS already, and is only wiped with install.allowReinstall`,
          severity: "warn",
        },
      ];
    const disks = recordDisks(facts, spec.disks).map(describeDisk).join(", ");
    const wipes = spec.phases.includes("disko")
      ? `; WIPES ${disks || spec.disks.map((disk) => disk.device).join(", ")}`
      : "";
    const reboots = isInstaller(facts)
      ? "one reboot, from the installer that runs"
      : "two boots: into the installer by kexec, then";
    const problems = isInstaller(facts) ? [] : preflightProblems(spec, facts);
    return [
      {
        text: `INSTALL of ${spec.machine}: found ${seen}${wipes}; ${reboots} into kernel ${spec.kernelRelease}`,
        severity: "info",
      },
      ...problems.map(({ expected, seen }) => ({
        text: `the install would be refused: expected ${expected}, seen ${seen}`,
        severity: "warn" as const,
      })),
    ];
  } catch (error) {
    return [
      {
        text: `the machine could not be looked at, so its disks are not shown: ${asHostError(error).text()}`,
        severity: "warn",
      },
    ];
  } finally {
    await session.end();
  }
}

const silent = { begin() {}, detail() {}, lasting() {}, warning() {}, log() {}, fullLog: () => "" };
