import type { Disk, DiskPart } from "../../../provider/host/disks";
import type { Progress } from "../../../provider/core/progress";
import type { NixosContext } from "../../../provider/nixos/context";
import type { NixosFacts, SystemRoot } from "../../../provider/nixos/facts";
import { nixosHostSchema, type NixosHostInputs } from "../../../provider/nixos/schema";
import { installKey, specOf } from "../../../provider/nixos/spec";
import type { HostState } from "../../../provider/nixos/state";

export const alpha = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-alpha-25.05";
export const beta = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-beta-25.05";
export const device = "/dev/disk/by-id/virtio-LAB1";
export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostKeyOfTheUnitTests";

/** Valid inputs of a realistic host; `changes` replaces top-level properties. */
export function inputsOf(changes: Partial<NixosHostInputs> = {}): NixosHostInputs {
  return nixosHostSchema.parse({
    machine: "web",
    connection: { host: "192.0.2.10", hostKey },
    install: { kexec: { path: "bundle.tar.gz" }, disks: [{ device }] },
    system: { flake: "./machines#alpha" },
    booted: { kernelRelease: "6.1.0-c", toplevel: alpha },
    current: { toplevel: alpha },
    bootDefault: { toplevel: alpha },
    layout: { hash: "0123456789abcdef", devices: [device], kept: [], mountpoints: ["/", "/boot"] },
    __bootKey: "feedfeedfeedfeed",
    __diskoScript: "/nix/store/dddddddddddddddddddddddddddddddd-disko",
    __needs: { system: "x86_64-linux", bootMode: "bios" },
    __urn: "urn:pulumi:dev::machines::pulumi-nodejs:dynamic/immutable-os:NixosHost::web",
    ...changes,
  });
}

export function disk(changes: Partial<Disk> = {}): Disk {
  return {
    ...{
      path: "/dev/vda",
      sizeBytes: 4294967296,
      serial: "LAB1",
      wwn: "",
      model: "",
      readOnly: false,
      tableUuid: "",
      parts: [],
    },
    ...changes,
  };
}

/** A partition of the disk above. */
export function part(changes: Partial<DiskPart> = {}): DiskPart {
  return {
    ...{ path: "/dev/vda1", on: "/dev/vda", type: "part", sizeBytes: 1, readOnly: false, fileSystem: "ext4" },
    ...{ label: "", uuid: "", partUuid: "", mountpoint: "" },
    ...changes,
  };
}

const nothing: SystemRoot = {
  profile: "",
  bootDefault: { loader: "", toplevel: "", kernelBytes: undefined, initrdBytes: undefined },
  hasWanted: false,
};

/** A Debian that can be installed. */
export function debianFacts(changes: Partial<NixosFacts> = {}): NixosFacts {
  return {
    bootId: "boot-1",
    kernelRelease: "6.1.0-debian",
    architecture: "x86_64",
    commandLine: "root=/dev/vda1",
    osRelease: { id: "debian", variantId: "", versionId: "12", prettyName: "Debian GNU/Linux 12 (bookworm)" },
    machineId: "0123456789abcdef0123456789abcdef",
    uid: 0,
    container: "",
    memoryKiB: 1000 * 1024,
    bootMode: "bios",
    missingTools: [],
    kexec: { loadDisabled: false, loaded: false, lockdown: "none" },
    mounts: [{ source: "/dev/vda1", target: "/", type: "ext4" }],
    swaps: [],
    disks: [disk()],
    pools: [],
    devices: { [device]: "/dev/vda" },
    freeKiB: { "/root": 1024 * 1024 },
    failedUnits: [],
    receipt: undefined,
    bootedSystem: "",
    currentSystem: "",
    bootedFiles: "",
    wantedFiles: "",
    wentDownInCopy: false,
    live: nothing,
    target: { ...nothing, mounted: false },
    ...changes,
  };
}

/** The installer, after kexec. */
export function installerFacts(changes: Partial<NixosFacts> = {}): NixosFacts {
  return debianFacts({
    bootId: "boot-2",
    kernelRelease: "6.12.0-installer",
    commandLine: "init=/nix/store/iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii-nixos-system-installer/init console=ttyS0",
    osRelease: {
      id: "nixos",
      variantId: "installer",
      versionId: "25.05",
      prettyName: "NixOS 25.05 installer",
    },
    mounts: [{ source: "tmpfs", target: "/", type: "tmpfs" }],
    ...changes,
  });
}

/** NixOS that runs `toplevel` in every respect. */
export function nixosFacts(toplevel: string = alpha, changes: Partial<NixosFacts> = {}): NixosFacts {
  return debianFacts({
    bootId: "boot-3",
    kernelRelease: "6.1.0-c",
    commandLine: `init=${toplevel}/init root=fstab`,
    osRelease: { id: "nixos", variantId: "", versionId: "25.05", prettyName: "NixOS 25.05 (Warbler)" },
    bootedSystem: toplevel,
    currentSystem: toplevel,
    bootedFiles: "kernel-c initrd-c",
    wantedFiles: "kernel-c initrd-c",
    live: {
      profile: toplevel,
      bootDefault: { loader: "extlinux", toplevel, kernelBytes: 8, initrdBytes: 9 },
      hasWanted: true,
    },
    ...changes,
  });
}

export function stateWith(changes: Partial<HostState> = {}, inputs: NixosHostInputs = inputsOf()): HostState {
  return {
    ...inputs,
    phase: "confirm",
    unfinished: "",
    hostKeys: [hostKey],
    machineId: "0123456789abcdef0123456789abcdef",
    bootId: "boot-3",
    bootedSystem: inputs.booted.toplevel,
    disks: [{ device, serial: "LAB1", wwn: "", model: "", sizeBytes: 4294967296, holds: "holds ext4 at /" }],
    kexecImage: { sha256: "", kernelRelease: "" },
    history: [],
    attempts: [],
    __installed: { installKey: installKey(inputs) },
    __declared: { toplevel: inputs.current.toplevel, kernelRelease: inputs.booted.kernelRelease },
    __stateVersion: 1,
    ...changes,
  };
}

/** Only what decisions need: whoever runs a command with it has left the pure part. */
export function contextOf(inputs: NixosHostInputs = inputsOf()): NixosContext {
  const forbidden = (): never => {
    throw new Error("nothing pure runs a command");
  };
  return {
    spec: specOf(inputs),
    session: { hostKeys: [hostKey], run: forbidden } as unknown as NixosContext["session"],
    progress: new RecordedProgress(),
    runLocal: forbidden,
    notes: {},
  };
}

/** What was told to the user, in order. */
export class RecordedProgress implements Progress {
  readonly events: string[] = [];
  begin(step: number, count: number, name: string): void {
    this.events.push(`begin ${step}/${count} ${name}`);
  }
  detail(text: string): void {
    this.events.push(`detail ${text}`);
  }
  lasting(text: string): void {
    this.events.push(`lasting ${text}`);
  }
  warning(text: string): void {
    this.events.push(`warning ${text}`);
  }
  log(line: string): void {
    this.events.push(`log ${line}`);
  }
  fullLog(): string {
    return this.events.join("\n");
  }
  clean(text: string): string {
    return text;
  }
}
