import { homedir } from "node:os";
import { join } from "node:path";

/** Where what can be made again is kept: `IMMUTABLE_OS_CACHE`, else a folder of the user's cache. */
export function cacheFolder(): string {
  return (
    process.env["IMMUTABLE_OS_CACHE"] ??
    join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pulumi-immutable-os")
  );
}
