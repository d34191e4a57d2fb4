import { PulumiStack } from "../pulumi-stack";
import type { FcosKernelName } from "./kernel-rpms";
import { startFcosLab, type FcosLab } from "./index";

/** The example program, and a registry, a base image and kernels for it. */
export interface FcosExample {
  lab: FcosLab;
  stack: PulumiStack;
  /** Where the program pushes to, without the registry. */
  repository: string;
  /** Declares another kernel. */
  declare(kernel: FcosKernelName): Promise<void>;
  stop(): Promise<void>;
}

export async function startFcosExample(kernel: FcosKernelName): Promise<FcosExample> {
  const lab = await startFcosLab();
  const { address, username, password, certificateAuthority } = lab.registry;
  const repository = "fcos/worker";
  const stack = await PulumiStack.create(
    "fcos-layered-image",
    {
      base: `${lab.baseRepository}:stable`,
      repository: `${address}/${repository}`,
      username,
      certificateAuthority,
    },
    "examples",
    lab.environment,
  );
  await stack.expect(["config", "set", "--secret", "password", password]);
  const declare = (name: FcosKernelName) => stack.configure("rpms", JSON.stringify(lab.kernels[name].rpms));
  await declare(kernel);
  return {
    lab,
    stack,
    repository,
    declare,
    stop: async () => {
      await stack.remove();
      await lab.stop();
    },
  };
}
