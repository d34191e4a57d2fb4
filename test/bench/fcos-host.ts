import { join } from "node:path";
import { startFcosHostExample, type FcosHostExample } from "../lab/fcos/host-example";
import { run } from "../lab/shell";
import { countingProxy, type CountingProxy } from "./counting-proxy";
import { moveFigures, type Moves, type PlainMove } from "./fcos-figures";
import { timed, type Figure } from "./figures";
import { measuredPulumi, type PulumiFigures } from "./pulumi-machine";
import { sickService } from "./sick-service";
import { Timeline } from "./timeline";

const up = ["up", "--yes", "--skip-preview"];

interface Stage {
  example: FcosHostExample;
  proxy: CountingProxy;
  /** `registry/repository@sha256:…` of the image with the other kernel. */
  newImage: string;
}

/**
 * A change of kernel and the way back, by `pulumi up` and by hand, in turns on one machine; and a change whose health
 * check fails. The image is in the registry already.
 */
export async function measureFcosHost(runs: number, log: (line: string) => void): Promise<Figure[]> {
  const example = await startFcosHostExample();
  const proxy = await countingProxy(example.machine.port);
  const moves: Moves = { forth: [], back: [], failed: [], plainForth: [], plainBack: [] };
  try {
    const stage = { example, proxy, newImage: await adopt(example, proxy) };
    for (let count = 1; count <= runs; count++) {
      moves.forth.push(await moveForth(stage));
      log(`move ${count} of ${runs} by pulumi up: ${moves.forth.at(-1)!.seconds.toFixed(1)} s`);
      if (count === 1) moves.looks = await looks(stage);
      moves.back.push(await moveBack(stage));
      moves.failed.push(await moveToSickness(stage));
      await forgetNewImage(stage);
      moves.plainForth.push(await plainMove(stage, `rpm-ostree rebase ${referenceOf(stage)}`, "new"));
      log(`move ${count} of ${runs} by hand: ${moves.plainForth.at(-1)!.seconds.toFixed(1)} s`);
      moves.plainBack.push(await plainMove(stage, "rpm-ostree rollback", "old"));
      await forgetNewImage(stage);
    }
  } finally {
    await proxy.close();
    await example.stop();
  }
  return moveFigures(moves);
}

/** Not counted: the image is built and pushed, and the machine is taken over with what it runs. */
async function adopt(
  { stack, machine, lab, baseImage }: FcosHostExample,
  proxy: CountingProxy,
): Promise<string> {
  await stack.configure("port", String(proxy.port));
  await stack.configure("earlierImage", baseImage);
  await stack.expect(up);
  // Ours lends the machine its login for each pull; whoever works by hand has it there.
  const { address, username, password, certificateAuthority } = lab.registry;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const put = (path: string, mode: number, input: string): Promise<string> =>
    machine.run(`sudo install -D -m ${mode} /dev/stdin ${path}`, { input });
  await put("/etc/ostree/auth.json", 600, JSON.stringify({ auths: { [address]: { auth } } }));
  await put(`/etc/containers/certs.d/${address}/ca.crt`, 644, certificateAuthority);
  return String((await stack.resource(":FcosLayeredImage"))?.outputs["reference"]);
}

const referenceOf = ({ newImage }: Stage): string => `ostree-unverified-registry:${newImage}`;

async function moveForth(stage: Stage): Promise<PulumiFigures> {
  await stage.example.stack.expect(["config", "rm", "earlierImage"]);
  return succeeded(await pulumi(stage, up));
}

async function moveBack(stage: Stage): Promise<PulumiFigures> {
  await stage.example.stack.configure("earlierImage", stage.example.baseImage);
  return succeeded(await pulumi(stage, up));
}

/** Seconds from the moment when the machine itself was told that it is sick to the proof that the old system runs. */
async function moveToSickness(stage: Stage): Promise<Moves["failed"][number]> {
  const { stack } = stage.example;
  const service = await sickService();
  const check = { http: { url: service.url }, retries: 0 };
  await stack.expect(["config", "rm", "earlierImage"]);
  await stack.configure("healthChecks", JSON.stringify({ app: check }));
  const failed = await pulumi(stage, up);
  await service.close();
  await stack.expect(["config", "rm", "healthChecks"]);
  await stack.configure("earlierImage", stage.example.baseImage);
  if (failed.code === 0 || !failed.output.includes("[unhealthy]"))
    throw new Error(`the sick service was not noticed:\n${failed.output}`);
  const toSafety = (failed.timeline.momentOf("rolled back to sha256:") - service.askedAt()) / 1000;
  return { ...failed, toSafety };
}

/** A preview and a refresh of a machine that is as declared, and its state. */
async function looks(stage: Stage): Promise<Moves["looks"]> {
  const preview = succeeded(await pulumi(stage, ["preview"]));
  const refresh = succeeded(await pulumi(stage, ["refresh", "--yes", "--skip-preview"]));
  const state = await stage.example.stack.resource(":FcosHost");
  if (state === undefined) throw new Error("the stack has no host");
  return { preview, refresh, state };
}

async function plainMove({ example }: Stage, command: string, kernel: "old" | "new"): Promise<PlainMove> {
  const { machine, lab } = example;
  const script = join(__dirname, "plain-move.sh");
  const knownHosts = join(machine.dir, "known_hosts");
  const arguments_ = [String(machine.port), machine.privateKeyPath, knownHosts, lab.kernels[kernel].release];
  const { result, seconds } = await timed(() =>
    run("bash", [script, ...arguments_, command], { timeoutSeconds: 900 }),
  );
  if (result.code !== 0)
    throw new Error(`the plain script ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  const [rebase = 0, reboot = 0] = result.stdout.match(/[\d.]+$/gm)?.map(Number) ?? [];
  return { seconds, rebase, reboot };
}

/** So that the next move has to fetch it again. */
async function forgetNewImage({ example }: Stage): Promise<void> {
  await example.machine.run("sudo rpm-ostree cleanup -r", { timeoutSeconds: 180 });
  const status = await example.machine.run("rpm-ostree status --json");
  const { deployments } = JSON.parse(status) as { deployments: unknown[] };
  if (deployments.length !== 1) throw new Error(`the machine still holds another system:\n${status}`);
}

function pulumi({ example, proxy }: Stage, args: string[]): Promise<PulumiFigures> {
  return measuredPulumi(example.stack, proxy, args, new Timeline("keep: sha256:"));
}

function succeeded(figures: PulumiFigures): PulumiFigures {
  if (figures.code !== 0) throw new Error(`pulumi ended with ${figures.code}:\n${figures.output}`);
  return figures;
}
