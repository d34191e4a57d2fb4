import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeWithMounts } from "../cache";

/** The environment in which buildah, podman and skopeo keep everything below a folder, and touch nothing of the user's. */
export async function containerStorage(dir: string): Promise<Record<string, string>> {
  const storage = join(dir, "storage.conf");
  const engine = join(dir, "containers.conf");
  const noLogin = join(dir, "no-login.json");
  await writeFile(
    storage,
    `[storage]\ndriver = "overlay"\ngraphroot = "${join(dir, "containers")}"\nrunroot = "${join(dir, "run")}"\n`,
  );
  // Docker's and podman's own logins are the user's.
  await writeFile(noLogin, "{}");
  // Without systemd and a journal, as in a container or on a CI machine.
  await writeFile(engine, `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n`);
  return {
    CONTAINERS_STORAGE_CONF: storage,
    CONTAINERS_CONF: engine,
    // The default needs cgroups and a network of its own, which not every machine can give.
    BUILDAH_ISOLATION: "chroot",
    REGISTRY_AUTH_FILE: noLogin,
  };
}

export function removeContainerStorage(dir: string): void {
  for (const name of ["containers", "run", "storage.conf", "containers.conf", "no-login.json"])
    removeWithMounts(join(dir, name));
}
