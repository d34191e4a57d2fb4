import type { Phase } from "../core/phase";
import type { NixosContext } from "./context";
import type { NixosFacts } from "./facts";
import { build, buildForInstall } from "./phases/build";
import { confirm } from "./phases/confirm";
import { copy } from "./phases/copy";
import { disko } from "./phases/disko";
import { files, handsOverFiles } from "./phases/files";
import { install } from "./phases/install";
import { kexec } from "./phases/kexec";
import { mend } from "./phases/mend";
import { preflight } from "./phases/preflight";
import { reboot } from "./phases/reboot";
import { register } from "./phases/register";
import { activate } from "./phases/switch";
import type { NixosSpec } from "./spec";

export type Sequence = readonly Phase<NixosFacts, NixosContext>[];

/** The whole way from any Linux to the declared system, or the stretch of it that `install.phases` names. */
export function installSequence(spec: NixosSpec): Sequence {
  const { phases } = spec;
  const wants = (name: (typeof phases)[number]): boolean => phases.includes(name);
  return [
    ...((wants("disko") || wants("install")) && handsOverFiles(spec) ? [files] : []),
    ...(wants("kexec") ? [preflight] : []),
    ...(wants("disko") || wants("install") ? [buildForInstall] : []),
    ...(wants("kexec") ? [kexec] : []),
    ...(wants("disko") ? [disko] : []),
    ...(wants("install") ? [install] : []),
    ...(wants("reboot") ? [reboot, confirm] : []),
  ];
}

/** From one system of an installed host to another, and the repair of every drift. */
export const updateSequence: Sequence = [mend, build, copy, register, activate, reboot, confirm];
