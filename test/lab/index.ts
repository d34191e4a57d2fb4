import { kernel, type KernelName } from "./debian";
import { kexecBundle } from "./kexec-bundle";
import { labFlake, nixEnvironment } from "./mini-nixos";
import { defaultLog, quote, sh, type Log } from "./shell";
import { targetDisk } from "./target-disk";

export * from "./cache";
export * from "./debian";
export * from "./kexec-bundle";
export * from "./keys";
export * from "./mini-nixos";
export * from "./shell";
export * from "./target-disk";
export * from "./vm";

/** Builds all that the tests' machines are made of. What exists already is not built again. */
export async function prepareLab(log: Log = defaultLog): Promise<void> {
  for (const name of ["a", "b", "c", "d"] satisfies KernelName[]) {
    await step(`kernel ${name}`, log, async () => (await kernel(name)).release);
  }
  await step("the target: a Debian disk", log, () => targetDisk(log));
  await step("the installer: a kexec bundle", log, async () => (await kexecBundle(log)).path);
  await step("the NixOS-like systems", log, buildSystems);
}

async function buildSystems(): Promise<string> {
  const flake = await labFlake();
  const systems = ["alpha", "alpha-unit", "beta", "other-layout"].flatMap((name) =>
    ["toplevel", "diskoScript"].map(
      (output) => `${flake}#nixosConfigurations.${name}.config.system.build.${output}`,
    ),
  );
  await sh(`nix build --no-link ${systems.map(quote).join(" ")}`, { env: nixEnvironment });
  return flake;
}

async function step(what: string, log: Log, work: () => Promise<string>): Promise<void> {
  const start = Date.now();
  const result = await work();
  log(`${what}: ${result} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}
