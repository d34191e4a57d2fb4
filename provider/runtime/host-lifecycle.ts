import type { Drift } from "../core/drift";
import { HostError } from "../core/errors";
import type { RunLocal } from "../core/shell";
import type { HostTools, Outcome } from "../host/flow";
import type { Observation } from "../host/observe";
import { runLocal } from "../transport/local";
import { connectSsh } from "../transport/ssh";
import { guarded, rowFor, type Lifecycle } from "./calls";
import { hasUnknowns, parseInputs, withoutProvider, type Inputs } from "./inputs";
import type { Kind } from "./kind";
import { problemsOfChange } from "./problems";
import { checkResult, failure, partialFailure, Refusal } from "./results";
import type { Row } from "./row";
import { pickInputs, plainState } from "./state";

/** What a host is worked on with, and what some kinds need here beside it. */
interface Tools extends HostTools {
  runLocal: RunLocal;
}

/** All that CRUD must know of one kind of host. */
export interface HostKind<Checked, State> {
  kind: Kind<Checked>;
  /** `undefined` lets the engine compare the inputs, and show each property that changed. */
  changesBetween(state: State, news: Inputs): boolean | undefined;
  /** What an `up` would do, in words, from state and inputs alone; throws where it needs a consent that is not given. */
  consequences(state: State, news: Checked): { lines: readonly string[]; severe?: boolean };
  /** The same of inputs of which something is not known yet. */
  consequencesOfUnknown?(state: State, news: Inputs): readonly string[];
  /** What else a machine that is forgotten keeps of us, to be told. */
  staysBehind?: string;
  deploy(tools: Tools, news: Checked, olds: State | undefined): Promise<Outcome<State>>;
  read(tools: Tools, state: State, lastSeen: Checked): Promise<Observation<State, Checked>>;
}

/** After a read the engine calls diff for its own display; what follows is said by the diff of the update. */
const refreshed = new Set<string>();

/** CRUD as Pulumi calls it, in terms of the one flow that every host has. */
export function hostLifecycle<Checked extends { machine: string }, State extends { machine: string }>(
  host: HostKind<Checked, State>,
): Lifecycle {
  const { kind } = host;
  return guarded(kind, {
    async check(olds, news) {
      return checkResult(news, await problemsOfChange(kind, olds, news));
    },

    async diff(_id, olds, news) {
      const state = olds as unknown as State;
      const isRefresh = refreshed.delete(String(news["__urn"]));
      if (state.machine !== news["machine"] && !hasUnknowns(news["machine"]))
        return { replaces: ["machine"] };
      const changes = host.changesBetween(state, news);
      if (changes === false) return { changes };
      const { lines, severe = false } = consequencesOf(host, state, news);
      if (isRefresh) return { changes };
      const row = rowFor(kind, news);
      for (const line of lines) {
        if (severe) row.warning(line);
        else row.lasting(line);
      }
      return { changes };
    },

    async create(news) {
      const inputs = parseInputs(kind, news);
      return { id: inputs.machine, outs: await run(host, inputs.machine, news, inputs, undefined) };
    },

    async update(id, olds, news) {
      return { outs: await run(host, id, news, parseInputs(kind, news), olds as unknown as State) };
    },

    async read(id, props) {
      const row = rowFor(kind, props);
      refreshed.add(String(props["__urn"]));
      try {
        const lastSeen = parseInputs(kind, pickInputs(kind, props));
        const seen = await host.read(toolsFor(row), props as unknown as State, lastSeen);
        if (seen.unseen)
          row.warning(`could not be looked at, the state is kept as it was: ${seen.unseen.text()}`);
        for (const drift of seen.drift) row.warning(inWords(drift));
        return {
          id,
          props: plainState(seen.state),
          inputs: { ...plainState(seen.inputs), __provider: props["__provider"] },
        };
      } finally {
        row.end();
      }
    },

    delete(_id, props) {
      rowFor(kind, props).lasting(
        `forgotten: the machine ${String(props["machine"])} keeps running, nothing on it was changed${host.staysBehind ?? ""}`,
      );
      return Promise.resolve();
    },
  });
}

async function run<Checked, State extends object>(
  host: HostKind<Checked, State>,
  id: string,
  news: Inputs,
  inputs: Checked,
  earlier: State | undefined,
): Promise<Inputs> {
  const row = rowFor(host.kind, news);
  try {
    const { state, error } = await host.deploy(toolsFor(row), inputs, earlier);
    if (state === undefined) throw failure(error, row);
    if (error !== undefined) throw partialFailure(id, state, error, news, row);
    return plainState(state);
  } finally {
    row.end();
  }
}

function consequencesOf<Checked, State>(
  host: HostKind<Checked, State>,
  state: State,
  news: Inputs,
): { lines: readonly string[]; severe?: boolean } {
  if (hasUnknowns(withoutProvider(news))) return { lines: host.consequencesOfUnknown?.(state, news) ?? [] };
  try {
    return host.consequences(state, parseInputs(host.kind, news));
  } catch (error) {
    throw error instanceof HostError ? new Refusal(error) : error;
  }
}

function toolsFor(progress: Row): Tools {
  return { connect: connectSsh, runLocal, progress };
}

function inWords({ key, declared, observed, meaning }: Drift): string {
  return `drift: ${meaning}: ${key} is ${observed || "nothing"}, declared ${declared}`;
}
