import type { PulumiStack } from "../lab/pulumi-stack";
import type { Quickstart } from "../lab/quickstart";
import { countingProxy, type CountingProxy } from "./counting-proxy";
import { timed } from "./figures";
import { Timeline } from "./timeline";

/** The quickstart's machine, saved while Debian answers, with a counter of connections in front of its ssh. */
export interface PulumiMachine {
  lab: Quickstart;
  proxy: CountingProxy;
  /** Back to Debian, with nothing in the stack. */
  reset: () => Promise<void>;
  /** One command of the user, timed, its connections counted. */
  pulumi: (args: string[]) => Promise<PulumiFigures>;
}

export interface PulumiFigures {
  code: number;
  output: string;
  seconds: number;
  connections: number;
  timeline: Timeline;
}

export async function pulumiMachine(lab: Quickstart): Promise<PulumiMachine> {
  const proxy = await countingProxy(lab.vm.port);
  await lab.stack.configure("port", String(proxy.port));
  await lab.vm.snapshot("debian");
  return {
    lab,
    proxy,
    reset: async () => {
      await forget(lab.stack);
      await lab.vm.restore("debian");
    },
    pulumi: (args) => measuredPulumi(lab.stack, proxy, args),
  };
}

/** One command of the user; `timeline` says which line is its last proof. */
export async function measuredPulumi(
  stack: PulumiStack,
  proxy: CountingProxy,
  args: string[],
  timeline = new Timeline(),
): Promise<PulumiFigures> {
  proxy.reset();
  const onOutput = (chunk: string): void => timeline.read(chunk);
  const { result, seconds } = await timed(() => stack.pulumi(args, { onOutput }));
  return { ...result, seconds, connections: proxy.answered(), timeline };
}

async function forget(stack: PulumiStack): Promise<void> {
  if ((await stack.resource(":NixosHost")) === undefined) return;
  await stack.expect(["destroy", "--yes", "--skip-preview"]);
}
