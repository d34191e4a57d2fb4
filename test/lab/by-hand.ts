import { labKey } from "./keys";
import { nixEnvironment } from "./mini-nixos";
import { sh } from "./shell";
import type { Vm } from "./vm";

/** What a colleague does without Pulumi: builds a configuration, copies it over OpenSSH, and activates it. */
export async function copyByHand(
  vm: Vm,
  flake: string,
  configuration: string,
  action: "switch" | "boot",
): Promise<string> {
  const { privateKeyPath } = await labKey();
  const env = {
    ...nixEnvironment,
    NIX_SSHOPTS: `-p ${vm.port} -i ${privateKeyPath} -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${vm.dir}/known_hosts`,
  };
  const built = await sh(
    `nix build --no-link --json '${flake}#nixosConfigurations.${configuration}.config.system.build.toplevel'`,
    { env },
  );
  const toplevel = (JSON.parse(built) as { outputs: { out: string } }[])[0]?.outputs.out ?? "";
  await sh(`nix copy --no-check-sigs --to ssh://root@127.0.0.1 ${toplevel}`, { env });
  const activation = await vm.ssh(
    `nix-env -p /nix/var/nix/profiles/system --set ${toplevel} && ${toplevel}/bin/switch-to-configuration ${action}`,
    { timeoutSeconds: 120 },
  );
  if (activation.code !== 0)
    throw new Error(`switch-to-configuration ${action} ended with ${activation.code}: ${activation.stderr}`);
  return toplevel;
}
