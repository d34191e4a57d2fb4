import { HostError } from "../core/errors";
import { writeFiles, removeFiles, type HostFile } from "../host/files";
import type { NixosContext } from "./context";
import { ramFileSystems, type NixosFacts } from "./facts";
import { diskKeyFiles } from "./install-files";

/**
 * Runs the disko script with the disk keys in the installer's RAM, and lets none of them stay, however it ends. The
 * script gets their paths, to remove them itself: we may be dead by then, or without a connection.
 */
export async function withDiskKeys<T>(
  { spec, session }: NixosContext,
  facts: NixosFacts,
  work: (paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const keys = await diskKeyFiles(spec.inputs.install);
  if (keys.length === 0) return work([]);
  requireRam(keys, facts);
  const paths = keys.map(({ path }) => path);
  let result: T;
  try {
    const place = { root: "" as const, deadlineSeconds: 120, code: "disko-failed" as const };
    await writeFiles(session, keys, place);
    result = await work(paths);
  } catch (error) {
    // The first error says more; where the host is out of reach, the keys go with its RAM.
    await removeFiles(session, paths).catch(() => undefined);
    throw error;
  }
  await removeFiles(session, paths);
  return result;
}

/** A key on a disk would outlive us there. */
function requireRam(keys: readonly HostFile[], facts: NixosFacts): void {
  for (const { path, property } of keys) {
    const mount = facts.mounts
      .filter(({ target }) => target === "/" || path.startsWith(`${target}/`))
      .reduce((deepest, next) => (next.target.length >= deepest.target.length ? next : deepest), {
        ...{ source: "", target: "", type: "nothing" },
      });
    if (ramFileSystems.includes(mount.type)) continue;
    throw new HostError("bad-input", {
      what: `${property}: in the installer this path is not in RAM; nothing was changed`,
      expected: "a path on a tmpfs, such as /tmp/disk.key or /run/disk.key",
      seen: `${mount.type} at ${mount.target}`,
      next: "give another path, the one that the disko layout names, too",
    });
  }
}
