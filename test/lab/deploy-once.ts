import { text } from "node:stream/consumers";
import { Evaluator } from "../../provider/nixos/evaluate";
import { nixosHost } from "../../provider/runtime/nixos-host";
import { runLocal } from "../../provider/transport/local";

type Props = Record<string, unknown>;

/** All that a program declares of a machine but its system. */
export type Declared = Props & { machine: string; connection: Props };

/** What the program declares, and what Pulumi's engine would hold of the machine. */
export interface Order {
  args: Declared & { system: { flake: string } };
  state?: Props;
}

/** What comes back: the state to keep, or why there is none. */
export type Ending =
  | { end: "done"; state: Props }
  | { end: "unchanged" }
  | { end: "partial"; state: Props; message: string }
  | { end: "failed"; message: string };

/**
 * One `up` of one NixosHost without Pulumi's engine, in a process of its own: the provider's own calls, with the
 * inputs as the resource's constructor hands them on. The order comes on stdin, for it may hold secrets; the last
 * argument is the address of the log service that the progress goes to.
 */
async function deployOnce(): Promise<Ending> {
  const { args, state } = JSON.parse(await text(process.stdin)) as Order;
  const news = await inputsOf(args);
  const { failures } = await nixosHost.check(state ?? {}, news);
  if (failures.length > 0) return { end: "failed", message: failures.map(({ reason }) => reason).join("\n") };
  try {
    if (state === undefined) return { end: "done", state: (await nixosHost.create(news)).outs };
    const { changes } = await nixosHost.diff(args.machine, state, news);
    if (changes === false) return { end: "unchanged" };
    return { end: "done", state: (await nixosHost.update(args.machine, state, news)).outs };
  } catch (thrown) {
    const { message, properties } = thrown as Error & { properties?: Props };
    return properties === undefined
      ? { end: "failed", message }
      : { end: "partial", message, state: properties };
  }
}

async function inputsOf(args: Order["args"]): Promise<Props> {
  const found = await new Evaluator(runLocal).evaluate(args.system);
  const { toplevel, kernelRelease, layout, bootKey, diskoScript, needs, ...more } = found;
  return {
    ...args,
    booted: { kernelRelease, toplevel },
    current: { toplevel },
    bootDefault: { toplevel },
    layout,
    __bootKey: bootKey,
    __diskoScript: diskoScript,
    __needs: needs,
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`__${key}`, value])),
    __urn: args.machine,
  };
}

void deployOnce().then((ending) => {
  // The last line printed. Nothing of it may be lost: the pipe is written out before the process ends.
  process.stdout.write(`\n${JSON.stringify(ending)}\n`, () => process.exit(0));
});
