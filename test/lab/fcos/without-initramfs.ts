import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { quote, sh } from "../shell";
import type { FcosLab } from "./index";
import { kernelRpms, type FcosKernelName } from "./kernel-rpms";

/**
 * What people build by hand: the same image, and nobody thought of its initramfs. Built and pushed by bare buildah,
 * which finds nothing wrong with it; gives its reference by digest.
 */
export async function buildWithoutInitramfs(
  lab: FcosLab,
  kernel: FcosKernelName,
  containerfile: string,
): Promise<string> {
  const context = join(lab.dir, "by-hand");
  await mkdir(join(context, "rpms"), { recursive: true });
  for (const { path } of (await kernelRpms(kernel)).files)
    await copyFile(path, join(context, "rpms", basename(path)));
  await writeFile(join(context, "Containerfile"), withoutDracut(containerfile));
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

/** A part of the Containerfile is a comment and its instructions, up to an empty line. */
function withoutDracut(containerfile: string): string {
  const parts = containerfile.split("\n\n");
  const others = parts.filter((part) => !part.includes(" --no-hostonly "));
  if (others.length !== parts.length - 1)
    throw new Error(`not exactly one part runs dracut:\n${containerfile}`);
  return others.join("\n\n");
}
