import { kexecBundle } from "./kexec-bundle";
import { labKey } from "./keys";
import { labFlake } from "./mini-nixos";
import { PulumiStack } from "./pulumi-stack";
import { startTarget, type TargetOptions, type Vm } from "./vm";

/** The quickstart program, a machine for it, and the values that connect the two. */
export interface Quickstart {
  vm: Vm;
  stack: PulumiStack;
  flake: string;
  /** Declares another configuration of the lab's flake. */
  declare(configuration: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startQuickstart(
  configuration: string,
  options: TargetOptions = {},
): Promise<Quickstart> {
  const [bundle, key, flake] = [await kexecBundle(), await labKey(), await labFlake()];
  const vm = await startTarget(options);
  await vm.waitForSsh(180);
  const stack = await PulumiStack.create("quickstart", {
    host: "127.0.0.1",
    port: String(vm.port),
    oldUser: "admin",
    privateKeyPath: key.privateKeyPath,
    disk: "/dev/disk/by-id/virtio-LABDISK1",
    diskSerial: "LABDISK1",
    kexecPath: bundle.path,
    kexecSha256: bundle.sha256,
    flake: `${flake}#${configuration}`,
  });
  return {
    vm,
    stack,
    flake,
    declare: (name) => stack.configure("flake", `${flake}#${name}`),
    stop: async () => {
      await vm.stop();
      await stack.remove();
    },
  };
}
