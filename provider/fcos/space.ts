import { bytes } from "../core/format";
import type { Problem } from "../host/problems";
import { bootedOf } from "./goal";
import type { Deployment, FcosFacts } from "./types";

/**
 * Newer versions of ostree give up the kernel of what neither runs nor is next nor is pinned when /boot has no room: only
 * what is too much even then is refused. A kernel that is there already needs none.
 */
export function bootSpaceProblem(facts: FcosFacts, needed: number): Problem | undefined {
  const booted = bootedOf(facts);
  const others = facts.deployments.filter(
    (deployment) =>
      !deployment.booted && !deployment.staged && !deployment.pinned && !sharesKernel(deployment, booted),
  );
  const free = facts.freeBytes.boot + Math.max(0, ...others.map(kernelBytes));
  if (needed <= free) return undefined;
  return {
    expected: `${bytes(needed)} for the kernel and the initramfs in /boot`,
    seen: `${bytes(facts.freeBytes.boot)} free there`,
  };
}

/** Files of the kernel that a deployment brings to /boot. */
export function kernelBytes(deployment: Deployment | undefined): number {
  const kernel = deployment?.kernels[0];
  return kernel === undefined ? 0 : kernel.kernelBytes + kernel.initramfsBytes;
}

export function sharesKernel(one: Deployment, other: Deployment | undefined): boolean {
  return one.kernels[0]?.release === other?.kernels[0]?.release && kernelBytes(one) === kernelBytes(other);
}
