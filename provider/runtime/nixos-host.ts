import { HostError } from "../core/errors";
import type { HostState } from "../nixos/state";
import { consequences, requireReinstallConsent } from "../nixos/consequences";
import { deploy, type HostTools, type Outcome } from "../nixos/deploy";
import { read } from "../nixos/read";
import { connectSsh } from "../transport/ssh";
import { runLocal } from "../transport/local";
import { EngineLog, flushLog } from "./engine-log";
import { hasUnknowns, parseInputs, withoutProvider, type Inputs } from "./inputs";
import { problemsOfChange } from "./problems";
import { checkResult, failure, partialFailure, PreviewRefusal, type CheckResult } from "./results";
import { Row } from "./row";
import { secretsOf, withoutSecrets } from "./secrets";
import { changesBetween, pickInputs, plainState } from "./state";

/** After a read the engine calls diff for its own display; what follows is said by the diff of the update. */
const refreshed = new Set<string>();

/** CRUD as Pulumi calls it, in terms of the one flow that every host has. */
const lifecycle = {
  async check(olds: Inputs, news: Inputs): Promise<CheckResult> {
    return checkResult(news, await problemsOfChange(olds, news));
  },

  async diff(_id: string, olds: Inputs, news: Inputs): Promise<DiffResult> {
    const state = olds as unknown as HostState;
    if (state.machine !== news["machine"] && !hasUnknowns(news["machine"])) return { replaces: ["machine"] };
    const changes = changesBetween(state, news);
    if (changes === false || hasUnknowns(withoutProvider(news))) return { changes };
    const inputs = parseInputs(news);
    const { reinstall, lines } = consequences(state, inputs);
    if (reinstall) refuseWithoutConsent(state, inputs);
    if (refreshed.delete(String(news["__urn"]))) return { changes };
    const row = rowFor(news);
    for (const line of lines) {
      if (reinstall) row.warning(line);
      else row.lasting(line);
    }
    return { changes };
  },

  async create(news: Inputs): Promise<{ id: string; outs: Inputs }> {
    const inputs = parseInputs(news);
    const { state, error, row } = await run(news, (tools) => deploy(tools, inputs, undefined));
    if (error === undefined && state !== undefined) return { id: inputs.machine, outs: plainState(state) };
    throw state === undefined ? failure(error, row) : partialFailure(inputs.machine, state, error, news, row);
  },

  async update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
    const earlier = olds as unknown as HostState;
    const { state, error, row } = await run(news, (tools) => deploy(tools, parseInputs(news), earlier));
    if (error === undefined && state !== undefined) return { outs: plainState(state) };
    throw state === undefined ? failure(error, row) : partialFailure(id, state, error, news, row);
  },

  async read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs?: Inputs }> {
    const state = props as unknown as HostState;
    const row = rowFor(props);
    refreshed.add(String(props["__urn"]));
    try {
      const lastSeen = parseInputs(pickInputs(props));
      const seen = await read(toolsFor(row), state, lastSeen);
      if (seen.unseen)
        row.warning(`could not be looked at, the state is kept as it was: ${seen.unseen.text()}`);
      for (const drift of seen.drift) {
        row.warning(
          `drift: ${drift.meaning}: ${drift.key} is ${drift.observed || "nothing"}, declared ${drift.declared}`,
        );
      }
      return {
        id,
        props: plainState(seen.state),
        inputs: { ...plainState(seen.inputs), __provider: props["__provider"] },
      };
    } finally {
      row.end();
    }
  },

  delete(_id: string, props: Inputs): Promise<void> {
    rowFor(props).lasting(
      `forgotten: the machine ${String(props["machine"])} keeps running, nothing on it was changed`,
    );
    return Promise.resolve();
  },
};

/** Each call, its errors without secrets, and its last lines shown before it ends: the plugin may be ended right after it. */
export const nixosHost: typeof lifecycle = {
  check: (...args) => ended(args, lifecycle.check(...args)),
  diff: (...args) => ended(args, lifecycle.diff(...args)),
  create: (...args) => ended(args, lifecycle.create(...args)),
  read: (...args) => ended(args, lifecycle.read(...args)),
  update: (...args) => ended(args, lifecycle.update(...args)),
  delete: (...args) => ended(args, lifecycle.delete(...args)),
};

async function ended<Answer>(args: readonly unknown[], call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    const secrets = args.flatMap((each) => secretsOf(each as Inputs));
    if (error instanceof Error) {
      error.message = withoutSecrets(error.message, secrets);
      error.stack = withoutSecrets(error.stack ?? "", secrets);
    }
    throw error;
  } finally {
    await flushLog();
  }
}

export interface DiffResult {
  changes?: boolean | undefined;
  replaces?: string[];
}

async function run(
  news: Inputs,
  work: (tools: HostTools) => Promise<Outcome>,
): Promise<Outcome & { row: Row }> {
  const row = rowFor(news);
  try {
    return { ...(await work(toolsFor(row))), row };
  } finally {
    row.end();
  }
}

function rowFor(inputs: Inputs): Row {
  return new Row(new EngineLog(String(inputs["__urn"])), secretsOf(inputs));
}

function toolsFor(progress: Row): HostTools {
  return { connect: connectSsh, runLocal, progress };
}

function refuseWithoutConsent(state: HostState, inputs: ReturnType<typeof parseInputs>): void {
  try {
    requireReinstallConsent(state, inputs);
  } catch (error) {
    throw error instanceof HostError ? new PreviewRefusal(error) : error;
  }
}
