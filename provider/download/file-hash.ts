import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { HostError } from "../core/errors";

/** Errors name the property that the path comes from, and what should lie there. */
export async function hashOf(path: string, property = "the cache", expected?: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new HostError("bad-input", {
      what: `${property}: ${path} cannot be read`,
      ...(expected === undefined ? {} : { expected }),
      seen: error instanceof Error ? error.message : String(error),
    });
  }
  return hash.digest("hex");
}
