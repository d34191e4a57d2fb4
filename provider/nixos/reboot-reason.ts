import type { NixosHostInputs } from "./schema";
import type { HostState } from "./state";

/** Reboot, yes or no, and why. */
export function bootKeyReason(state: HostState, news: NixosHostInputs): string {
  if (state.booted.kernelRelease !== news.booted.kernelRelease) {
    return `reboot, because the kernel changes: ${state.booted.kernelRelease} → ${news.booted.kernelRelease}`;
  }
  if (state.__bootKey !== news.__bootKey) return "reboot, because initrd or kernel parameters change";
  return "no reboot: kernel, initrd and parameters stay the same";
}
