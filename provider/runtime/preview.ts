import { asHostError } from "../core/errors";
import { bytes } from "../core/format";
import { requireAdoptable } from "../nixos/adoption";
import { observe } from "../nixos/context";
import { contextFor } from "../nixos/deploy";
import { describeDisk, recordDisks } from "../nixos/disk-check";
import { inWords } from "../nixos/disko-mode";
import { isInstaller, isNixos, type NixosFacts } from "../nixos/facts";
import { shortPath } from "../nixos/phases/install";
import type { NixosSpec } from "../nixos/spec";
import { preflightProblems } from "../nixos/phases/preflight";
import { runLocal } from "../transport/local";
import { connectSsh } from "../transport/ssh";
import { within } from "../core/deadline";
import { parseInputs, type Inputs } from "./inputs";
import { nixosKind } from "./nixos-kind";
import { inputProblems } from "./problems";
import { secretsOf, withoutSecrets } from "./secrets";

const deadlineSeconds = 20;

export interface PreviewLine {
  text: string;
  severity: "info" | "warn";
}

/** One read-only look at a machine that would be installed: the state knows nothing of its disks yet. */
export async function describeNewHost(inputs: Inputs): Promise<PreviewLine[]> {
  // `check` says what is wrong with them.
  if (inputProblems(nixosKind, inputs).length > 0) return [];
  const secrets = secretsOf(nixosKind, inputs);
  const lines = await look(inputs);
  return lines.map((line) => ({ ...line, text: withoutSecrets(line.text, secrets) }));
}

async function look(inputs: Inputs): Promise<PreviewLine[]> {
  const context = contextFor(
    { connect: connectSsh, runLocal, progress: silent },
    parseInputs(nixosKind, inputs),
    undefined,
  );
  const { spec, session } = context;
  try {
    const facts = await within(deadlineSeconds, "the look at the machine", observe(context));
    const seen = `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}, ${bytes(facts.memoryKiB * 1024)} of RAM, ${facts.bootMode}`;
    if (spec.inputs.adopt === true) return [adoption(spec, facts, seen)];
    if (isNixos(facts))
      return [
        {
          text: `found ${seen}: it runs NixOS already; it is only taken over with adopt, and only wiped with install.allowReinstall`,
          severity: "warn",
        },
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

function adoption(spec: NixosSpec, facts: NixosFacts, seen: string): PreviewLine {
  try {
    requireAdoptable(spec, facts);
    const to = `${shortPath(spec.toplevel)}, kernel ${spec.kernelRelease}`;
    const text = `ADOPT of ${spec.machine}: found ${seen}; nothing is wiped, the machine is moved to ${to}`;
    return { text, severity: "info" };
  } catch (error) {
    return { text: `the adoption would be refused: ${asHostError(error).text()}`, severity: "warn" };
  }
}

const silent = {
  begin() {},
  detail() {},
  lasting() {},
  warning() {},
  log() {},
  fullLog: () => "",
  clean: String,
};
