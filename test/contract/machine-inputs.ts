// Inputs as the constructor hands them on, for the stand-in machine of this folder.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Machine } from "./machine-model";
import { bundleText, type PlayedSystem } from "./machine-parts";
import { byId } from "./machine-probe";
import type { Props } from "./provider-process";
import { machineUrn } from "./machine-urn";

let number = 0;

/** A system that this machine can run. Systems of one `generation` differ in nothing that needs a reboot. */
export function newSystem(machine: Machine, name: string, kernel: string, generation = kernel): PlayedSystem {
  const hash = String(++number).padStart(32, "0");
  const system = {
    toplevel: `/nix/store/${hash}-nixos-system-${name}`,
    kernel,
    bootFiles: `files of ${generation}`,
  };
  machine.systems.set(system.toplevel, system);
  return system;
}

export interface Declaration {
  system: PlayedSystem;
  layout?: string;
  install?: Props | undefined;
  connection?: Props;
}

export async function bundleFile(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "immutable-os-bundle-"));
  const path = join(folder, "bundle.tar.gz");
  await writeFile(path, bundleText);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** For a test that must end long before anybody gives up the wait for a boot: that would take longer than a test may. */
export const patientBoot = { deadlines: { connectSeconds: 15, bootSeconds: 250, phaseSeconds: 20 } };

/** For many machines at once: each phase starts programs here, and all of them share the processors. */
export const crowded = { deadlines: { connectSeconds: 30, bootSeconds: 120, phaseSeconds: 150 } };

export const diskoScript = "/nix/store/22222222222222222222222222222222-disko";

export function inputsFor(machine: Machine, bundlePath: string, declared: Declaration): Props {
  const { system, layout = "0123456789abcdef", install = {}, connection = {} } = declared;
  const { toplevel, kernel } = system;
  const device = byId(machine.disk.serial);
  return {
    machine: "web",
    connection: {
      host: "127.0.0.1",
      port: machine.port,
      privateKey: machine.key.privateKey,
      hostKey: machine.hostKey.publicKey,
      deadlines: { connectSeconds: 15, bootSeconds: 25, phaseSeconds: 20 },
      ...connection,
    },
    install: {
      kexec: { path: bundlePath },
      disks: [{ device, serial: machine.disk.serial }],
      ...install,
    },
    system: { flake: `/flakes/${toplevel.slice("/nix/store/".length)}#web` },
    booted: { kernelRelease: kernel, toplevel },
    current: { toplevel },
    bootDefault: { toplevel },
    layout: { hash: layout, devices: [device], kept: [], mountpoints: ["/"] },
    __bootKey: system.bootFiles,
    __diskoScript: diskoScript,
    __needs: { system: "x86_64-linux", bootMode: "bios" },
    __urn: machineUrn("NixosHost", machine),
  };
}
