import { createHash } from "node:crypto";
import type { Access } from "../core/shell";
import { accessOf, authOf, hasOwnKey, hostKeysOf, jumpOf, sudoOf } from "../host/access";
import { deadlinesOf, type Deadlines } from "../host/connection-schema";
import type { Ways } from "../host/session";
import type { KexecImageReference } from "./kexec-reference";
import { phaseNames, type diskoModes, type NixosHostInputs } from "./schema";

/** The checked inputs with every default filled in: what the phases work with. */
export interface NixosSpec {
  machine: string;
  inputs: NixosHostInputs;
  toplevel: string;
  kernelRelease: string;
  phases: readonly (typeof phaseNames)[number][];
  disks: readonly DeclaredDisk[];
  /** Known-good installers, tried in this order. */
  kexecImages: readonly KexecImageReference[];
  diskoMode: (typeof diskoModes)[number];
  mountpoints: readonly string[];
  allowReinstall: readonly string[];
  /** Which install this is: another key needs the disks to be wiped again. */
  installKey: string;
  deadlines: Deadlines;
}

export interface DeclaredDisk {
  device: string;
  serial?: string | undefined;
  wwn?: string | undefined;
  model?: string | undefined;
  sizeBytes?: number | undefined;
}

export function specOf(inputs: NixosHostInputs): NixosSpec {
  const { connection, install } = inputs;
  const disks = install?.disks ?? inputs.layout.devices.map((device) => ({ device }));
  return {
    machine: inputs.machine,
    inputs,
    toplevel: inputs.current.toplevel,
    kernelRelease: inputs.booted.kernelRelease,
    phases: install?.phases ?? phaseNames,
    disks,
    kexecImages: install?.kexec === undefined ? [] : [install.kexec].flat(),
    diskoMode: install?.diskoMode ?? "disko",
    mountpoints: inputs.layout.mountpoints,
    allowReinstall: install?.allowReinstall ?? [],
    installKey: installKey(inputs),
    deadlines: deadlinesOf(connection),
  };
}

/** Decided on inputs alone, so that `diff` can ask for consent without a look at the machine. */
export function installKey(inputs: NixosHostInputs): string {
  const disks = inputs.install?.disks?.map((disk) => disk.device) ?? inputs.layout.devices;
  return createHash("sha256")
    .update(
      JSON.stringify([
        inputs.machine,
        inputs.layout.hash,
        [...disks].sort(),
        inputs.install?.reinstallTrigger ?? "",
      ]),
    )
    .digest("hex")
    .slice(0, 16);
}

export function waysOf(inputs: NixosHostInputs): Ways {
  const { connection } = inputs;
  const before = inputs.install?.connection;
  const installed = accessOf(connection, "connection", connection.deadlines?.connectSeconds);
  const oldUser = before?.user ?? installed.user;
  const old: Access = {
    ...installed,
    // What errors send the reader to; where nothing differs it is the same way.
    ...(before && { label: "install.connection" }),
    host: before?.host ?? installed.host,
    port: before?.port ?? installed.port,
    user: oldUser,
    auth: before && hasOwnKey(before) ? authOf(before, "install.connection") : installed.auth,
    hostKeys: before?.hostKey === undefined ? installed.hostKeys : hostKeysOf(before.hostKey),
    sudo: oldUser !== "root",
    ...(before && sudoOf(before)),
    ...(before && jumpOf(before, "install.connection")),
  };
  // The installer keeps the old system's addresses and keys, and lets only root in.
  const installer: Access = {
    ...old,
    port: inputs.install?.installerPort ?? installed.port,
    user: "root",
    sudo: false,
  };
  return { installed, old, installer };
}
