import { removeWithMounts, runFolder } from "../cache";
import { defaultLog, quote, sh, type Log } from "../shell";
import { baseImage, digestOf } from "./base-image";
import { pushVariant } from "./base-variants";
import { containerStorage } from "./container-storage";
import { kernelRpms, type FcosKernelName } from "./kernel-rpms";
import { LabRegistry } from "./registry";
import { WebServer } from "./web-server";

/** A file that is served, as the resource's arguments name it. */
export interface ServedRpm {
  url: string;
  sha256: string;
}

export interface FcosLab {
  dir: string;
  registry: LabRegistry;
  web: WebServer;
  /** host:port/repository of the base images. */
  baseRepository: string;
  /** The good one, of another architecture, and one that nothing would boot. */
  bases: { good: string; arm64: string; unbootable: string };
  kernels: Record<FcosKernelName, { release: string; rpms: ServedRpm[] }>;
  /** For whoever runs buildah or podman. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

const BASE = "fcos/base";

/** A registry with base images in it, and a web server with kernels, on 127.0.0.1 and for this process only. */
export async function startFcosLab(log: Log = defaultLog): Promise<FcosLab> {
  const base = await baseImage(log);
  const dir = runFolder("fcos");
  const registry = await LabRegistry.start(dir);
  const web = await WebServer.start();
  const environment = await containerStorage(dir);
  const good = await digestOf(base);
  await sh(
    `skopeo copy --quiet --dest-cert-dir certificates --dest-authfile auth.json \
      ${quote(`oci:${base.oci}`)} ${quote(`docker://${registry.address}/${BASE}:stable`)}`,
    { cwd: dir, env: environment },
  );
  return {
    dir,
    registry,
    web,
    baseRepository: `${registry.address}/${BASE}`,
    bases: {
      good,
      arm64: await pushVariant(registry, BASE, good, "arm64", (config) => {
        config.architecture = "arm64";
      }),
      unbootable: await pushVariant(registry, BASE, good, "unbootable", ({ config }) => {
        delete config.Labels?.["containers.bootc"];
        delete config.Labels?.["ostree.bootable"];
      }),
    },
    kernels: {
      old: await served("old", web),
      new: await served("new", web),
      rt: await served("rt", web),
    },
    environment,
    async stop() {
      web.stop();
      await registry.switchOff();
      removeWithMounts(dir);
    },
  };
}

async function served(name: FcosKernelName, web: WebServer): Promise<{ release: string; rpms: ServedRpm[] }> {
  const { release, files } = await kernelRpms(name);
  return { release, rpms: files.map(({ path, sha256 }) => ({ url: web.add(path), sha256 })) };
}

/** What builds have left behind in the lab's storage: containers, and mounts. */
export async function leftovers({ dir, environment }: FcosLab): Promise<string[]> {
  const containers = await sh("buildah containers --all --quiet", { env: environment });
  const mounts = await sh(
    `findmnt --noheadings --raw --output TARGET | { grep -F ${quote(`${dir}/`)} || true; }`,
  );
  return [...containers.split("\n"), ...mounts.split("\n")].filter(Boolean);
}

/** The tags of a repository, as the registry gives them. */
export async function tagsOf(registry: LabRegistry, repository: string): Promise<string[]> {
  const { status, body } = await registry.request({ path: `/v2/${repository}/tags/list` });
  if (status === 404) return [];
  return ((JSON.parse(body.toString()) as { tags: string[] | null }).tags ?? []).sort();
}
