import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { startFcosExample, type FcosExample } from "../lab/fcos/example";
import { kernelRpms } from "../lab/fcos/kernel-rpms";
import { quote, sh } from "../lab/shell";
import { mebibytes, median, ratio, seconds, timed, type Figure } from "./figures";
import { watchPlugin } from "./plugin-memory";
import { Timeline } from "./timeline";

interface Builds {
  /** Seconds of each whole `pulumi up`. */
  ours: number[];
  phases: Map<string, number>[];
  peakMemory: number[];
  bareBuild: number[];
  barePush: number[];
}

/** A layered image by `pulumi up`, and its own Containerfile by bare buildah, in turns. The base is there already. */
export async function measureLayeredImage(runs: number, log: (line: string) => void): Promise<Figure[]> {
  const example = await startFcosExample("new");
  const builds: Builds = { ours: [], phases: [], peakMemory: [], bareBuild: [], barePush: [] };
  try {
    // Not counted: it brings the base and the RPMs here.
    await example.stack.expect(["up", "--yes", "--skip-preview"]);
    for (let count = 1; count <= runs; count++) {
      await buildByPulumi(example, count, builds);
      log(`image ${count} of ${runs} by pulumi up: ${builds.ours.at(-1)!.toFixed(1)} s`);
      await buildBare(example, count, builds);
      log(`image ${count} of ${runs} by bare buildah: ${builds.bareBuild.at(-1)!.toFixed(1)} s`);
    }
  } finally {
    await example.stop();
  }
  return figuresOf(builds);
}

/** Each with another content of one small file, so that there is something to build. */
async function buildByPulumi({ stack }: FcosExample, count: number, builds: Builds): Promise<void> {
  await stack.configure("files", JSON.stringify({ [file]: { content: String(count) } }));
  const timeline = new Timeline("pushed: ");
  const memory = watchPlugin(stack.folder);
  const { result, seconds } = await timed(() =>
    stack.pulumi(["up", "--yes", "--skip-preview"], { onOutput: (chunk) => timeline.read(chunk) }),
  );
  const watched = memory.stop();
  watched.catch(() => undefined); // a build that failed says more
  if (result.code !== 0) throw new Error(`pulumi up ended with ${result.code}:\n${result.output}`);
  builds.ours.push(seconds);
  builds.phases.push(timeline.phases());
  builds.peakMemory.push(await watched);
}

const file = "/etc/bench";

async function buildBare({ lab, stack }: FcosExample, count: number, builds: Builds): Promise<void> {
  const context = join(lab.dir, "bare");
  await mkdir(join(context, "rpms"), { recursive: true });
  await mkdir(join(context, "files"));
  for (const { path } of (await kernelRpms("new")).files)
    await copyFile(path, join(context, "rpms", basename(path)));
  await writeFile(join(context, "files/0"), String(count));
  const containerfile = (await stack.resource(":FcosLayeredImage"))?.outputs["containerfile"];
  await writeFile(join(context, "Containerfile"), String(containerfile));
  const options = { cwd: context, env: lab.environment };
  const target = quote(`docker://${lab.registry.address}/fcos/bare:${count}`);
  const login = "--cert-dir ../certificates --authfile ../auth.json";
  const build = await timed(() => sh(`buildah build ${login} --tag localhost/bare .`, options));
  const push = await timed(() => sh(`buildah push ${login} localhost/bare ${target}`, options));
  builds.bareBuild.push(build.seconds);
  builds.barePush.push(push.seconds);
  await sh("buildah rmi localhost/bare", options);
  await rm(context, { recursive: true });
}

function figuresOf({ ours, phases, peakMemory, bareBuild, barePush }: Builds): Figure[] {
  const of = (name: string): number[] => phases.flatMap((run) => run.get(name) ?? []);
  const bare = bareBuild.map((value, index) => value + barePush[index]!);
  return [
    {
      what: "Layered image: the build",
      measured: `**${ratio(of("build"), bareBuild)}** = ${seconds(of("build"))} / ${seconds(bareBuild)}`,
      how: "our phase, RPMs brought into its folder included / `buildah build` of the same Containerfile, in turns, on a base that was pulled before",
    },
    {
      what: "– the whole of it",
      measured: `${ratio(ours, bare)} = ${seconds(ours)} / ${seconds(bare)}`,
      how: "`pulumi up` (Pulumi's own start included) / `buildah build` and `buildah push`, which inspect nothing",
    },
    {
      what: "– look into the base",
      measured: seconds(of("look")),
      how: "what it has, and its initramfs listed: what the image is compared with",
    },
    {
      what: "– inspections",
      measured: seconds(of("inspect")),
      how: "all of them: one look into the finished image, its initramfs listed",
    },
    {
      what: "– push",
      measured: `${seconds(of("push"))}; bare ${seconds(barePush)}`,
      how: "ours: until the registry itself has said the digest",
    },
    {
      what: "Peak memory of the plugin in a build",
      measured: mebibytes(median(peakMemory)),
      how: "VmHWM of the dynamic provider's process",
    },
  ];
}
