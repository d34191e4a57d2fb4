import { buildByHand } from "./by-hand";
import type { FcosLab } from "./index";
import type { FcosKernelName } from "./kernel-rpms";

/**
 * What people build by hand: the same image, and nobody thought of its initramfs. Nothing that builds or pushes it finds
 * anything wrong with it.
 */
export function buildWithoutInitramfs(
  lab: FcosLab,
  kernel: FcosKernelName,
  containerfile: string,
): Promise<string> {
  return buildByHand(lab, kernel, withoutDracut(containerfile));
}

/** A part of the Containerfile is a comment and its instructions, up to an empty line. */
function withoutDracut(containerfile: string): string {
  const parts = containerfile.split("\n\n");
  const others = parts.filter((part) => !part.includes(" --no-hostonly "));
  if (others.length !== parts.length - 1)
    throw new Error(`not exactly one part runs dracut:\n${containerfile}`);
  return others.join("\n\n");
}
