import { fcosHostSchema, type FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosState } from "../../../provider/fcos/state";
import { hostKey } from "./builders";
import { newDigest, oldDigest } from "./image-builders";

export { newDigest, oldDigest };
export const oldKernel = "6.1.128-200.fc42.x86_64";
export const newKernel = "6.12.94-200.fc42.x86_64";
export const fcosReference = (digest: string): string => `registry.example.org/fcos/web@${digest}`;

/** Valid inputs of a realistic machine; `changes` replaces top-level properties. */
export function fcosInputsOf(changes: Partial<FcosHostInputs> = {}): FcosHostInputs {
  return fcosHostSchema.parse({
    machine: "web",
    connection: { host: "192.0.2.10", hostKey },
    ...imageIn(newDigest, newKernel),
    activeUpdateDriver: "",
    changedEtc: [],
    __urn: "urn:pulumi:dev::machines::pulumi-nodejs:dynamic/immutable-os:FcosHost::web",
    ...changes,
  });
}

/** What the constructor makes of an image. */
export function imageIn(
  digest: string,
  kernelRelease?: string,
): Pick<FcosHostInputs, "image" | "booted" | "bootDefault"> {
  return {
    image: fcosReference(digest),
    booted: { digest, unlocked: "none", layering: [], ...(kernelRelease && { kernelRelease }) },
    bootDefault: { digest, deployment: "booted" },
  };
}

/** A machine that was moved from the old image to the new one, and confirmed. */
export function fcosStateWith(
  changes: Partial<FcosState> = {},
  inputs: FcosHostInputs = fcosInputsOf(),
): FcosState {
  return {
    ...inputs,
    booted: { kernelRelease: newKernel, ...inputs.booted },
    phase: "keep",
    unfinished: "",
    hostKeys: [hostKey],
    machineId: "0123456789abcdef0123456789abcdef",
    bootId: "boot-2",
    deployments: [
      { digest: newDigest, kernelRelease: newKernel, role: "booted", pinned: true },
      { digest: oldDigest, kernelRelease: oldKernel, role: "rollback", pinned: false },
    ],
    history: [{ digest: newDigest, kernelRelease: newKernel, at: "2026-11-22T12:00:00.000Z" }],
    attempts: [],
    __declared: { digest: newDigest, kernelRelease: newKernel },
    __stateVersion: 1,
    ...changes,
  };
}
