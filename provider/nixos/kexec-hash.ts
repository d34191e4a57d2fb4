import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { HostError } from "../core/errors";

export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new HostError("bad-input", {
      what: `install.kexec: ${path} cannot be read`,
      expected: "a kexec bundle of nixos-images, kexec/{run,kexec,bzImage,initrd} in a .tar.gz",
      seen: error instanceof Error ? error.message : String(error),
    });
  }
  return hash.digest("hex");
}
