import { PulumiStack } from "../pulumi-stack";
import { startFcosMachine, type FcosMachine } from "./fcos-machine";
import { startFcosLab, type FcosLab } from "./index";

/** How long a boot may take here: emulated, beside others. */
const BOOT_SECONDS = 300;

/** The example program, and what it works on: a registry, kernels, and a machine that runs the base image. */
export interface FcosHostExample {
  lab: FcosLab;
  stack: PulumiStack;
  machine: FcosMachine;
  /** The image that the machine was made with. */
  baseImage: string;
  stop(): Promise<void>;
}

export async function startFcosHostExample(): Promise<FcosHostExample> {
  const lab = await startFcosLab();
  const { address, username, password, certificateAuthority } = lab.registry;
  const baseImage = `${lab.baseRepository}@${lab.bases.good}`;
  const machine = await startFcosMachine(lab, baseImage);
  const config = {
    // By digest: a tag is asked of the registry in every preview, which is switched off for a while.
    base: baseImage,
    repository: `${address}/fcos/worker`,
    username,
    certificateAuthority,
    host: "127.0.0.1",
    port: String(machine.port),
    privateKeyPath: machine.privateKeyPath,
    bootSeconds: String(BOOT_SECONDS),
  };
  const stack = await PulumiStack.create("fcos-host", config, "examples", lab.environment);
  await stack.expect(["config", "set", "--secret", "password", password]);
  await stack.configure("rpms", JSON.stringify(lab.kernels.new.rpms));
  await machine.waitForSsh(BOOT_SECONDS);
  return {
    lab,
    stack,
    machine,
    baseImage,
    stop: async () => {
      await stack.remove();
      await machine.stop();
      await lab.stop();
    },
  };
}
