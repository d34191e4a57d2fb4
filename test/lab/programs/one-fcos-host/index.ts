import { readFileSync } from "node:fs";
import { FcosHost, ignition, type FcosHostArgs, type RegistryLoginArgs } from "pulumi-immutable-os";

/** One machine, declared by the file next to this program: a test writes there what a user would write here. */
const { host, firstBoot } = JSON.parse(readFileSync("host.json", "utf8")) as {
  host?: FcosHostArgs;
  firstBoot?: { image: string; registry: RegistryLoginArgs };
};

const worker = host && new FcosHost("worker", host);

export const kernel = worker?.booted.kernelRelease;
/** What a machine that does not exist yet is started with. */
export const document = firstBoot && ignition(firstBoot.image, { registry: firstBoot.registry });
