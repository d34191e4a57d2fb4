import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { quote, sh } from "../shell";
import type { FcosLab } from "./index";
import { kernelRpms, type FcosKernelName } from "./kernel-rpms";

/**
 * What people build without us: a Containerfile with a kernel's RPMs beside it, built and pushed by bare buildah, which
 * inspects nothing; gives its reference by digest.
 */
export async function buildByHand(
  lab: FcosLab,
  kernel: FcosKernelName,
  containerfile: string,
): Promise<string> {
  const context = join(lab.dir, "by-hand");
  await mkdir(join(context, "rpms"), { recursive: true });
  for (const { path } of (await kernelRpms(kernel)).files)
    await copyFile(path, join(context, "rpms", basename(path)));
  await writeFile(join(context, "Containerfile"), containerfile);
  const login = "--cert-dir ../certificates --authfile ../auth.json";
  const repository = `${lab.registry.address}/fcos/by-hand`;
  await sh(
    `
    buildah build --layers=false ${login} --tag localhost/by-hand .
    buildah push ${login} --digestfile digest localhost/by-hand ${quote(`docker://${repository}:latest`)}
    buildah rmi localhost/by-hand
    `,
    { cwd: context, env: lab.environment },
  );
  const digest = await readFile(join(context, "digest"), "utf8");
  await rm(context, { recursive: true });
  return `${repository}@${digest.trim()}`;
}

/** The base image with kernel "new", as short as such a Containerfile gets. */
export function shortContainerfile(lab: FcosLab, { withInitramfs }: { withInitramfs: boolean }): string {
  const { release } = lab.kernels.new;
  const image = `/usr/lib/modules/${release}/initramfs.img`;
  const dracut = `dracut --no-hostonly --kver ${release} --reproducible --add ostree -f ${image} && chmod 0600 ${image}`;
  return [
    `FROM ${lab.baseRepository}@${lab.bases.good}`,
    "RUN --mount=type=bind,source=rpms,target=/run/rpms rpm-ostree override replace /run/rpms/*.rpm",
    ...(withInitramfs ? [`RUN TMPDIR=/var/tmp DRACUT_NO_XATTR=1 ${dracut}`] : []),
    "RUN rm -rf /boot/* && ostree container commit",
    `LABEL ostree.linux=${release}`,
    "",
  ].join("\n");
}
