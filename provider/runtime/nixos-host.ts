import { HostError } from "../core/errors";
import type { NixosHostInputs } from "../nixos/schema";
import type { HostState } from "../nixos/state";
import { consequences, requireReinstallConsent } from "../nixos/consequences";
import { deploy, type HostTools, type Outcome } from "../nixos/deploy";
import { read } from "../nixos/read";
import { connectSsh } from "../transport/ssh";
import { runLocal } from "../transport/local";
import { guarded, rowFor, type DiffResult, type Lifecycle } from "./calls";
import { hasUnknowns, parseInputs, withoutProvider, type Inputs } from "./inputs";
import { changesBetween } from "./nixos-changes";
import { nixosKind } from "./nixos-kind";
import { problemsOfChange } from "./problems";
import { checkResult, failure, partialFailure, Refusal, type CheckResult } from "./results";
import type { Row } from "./row";
import { pickInputs, plainState } from "./state";

/** After a read the engine calls diff for its own display; what follows is said by the diff of the update. */
const refreshed = new Set<string>();

/** CRUD as Pulumi calls it, in terms of the one flow that every host has. */
const lifecycle: Lifecycle = {
  async check(olds: Inputs, news: Inputs): Promise<CheckResult> {
    return checkResult(news, await problemsOfChange(nixosKind, olds, news));
  },

  async diff(_id: string, olds: Inputs, news: Inputs): Promise<DiffResult> {
    const state = olds as unknown as HostState;
    if (state.machine !== news["machine"] && !hasUnknowns(news["machine"])) return { replaces: ["machine"] };
    const changes = changesBetween(state, news);
    if (changes === false || hasUnknowns(withoutProvider(news))) return { changes };
    const inputs = parseInputs(nixosKind, news);
    const { reinstall, lines } = consequences(state, inputs);
    if (reinstall) refuseWithoutConsent(state, inputs);
    if (refreshed.delete(String(news["__urn"]))) return { changes };
    const row = rowFor(nixosKind, news);
    for (const line of lines) {
      if (reinstall) row.warning(line);
      else row.lasting(line);
    }
    return { changes };
  },

  async create(news: Inputs): Promise<{ id: string; outs: Inputs }> {
    const inputs = parseInputs(nixosKind, news);
    const { state, error, row } = await run(news, (tools) => deploy(tools, inputs, undefined));
    if (error === undefined && state !== undefined) return { id: inputs.machine, outs: plainState(state) };
    throw state === undefined ? failure(error, row) : partialFailure(inputs.machine, state, error, news, row);
  },

  async update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
    const earlier = olds as unknown as HostState;
    const { state, error, row } = await run(news, (tools) =>
      deploy(tools, parseInputs(nixosKind, news), earlier),
    );
    if (error === undefined && state !== undefined) return { outs: plainState(state) };
    throw state === undefined ? failure(error, row) : partialFailure(id, state, error, news, row);
  },

  async read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs?: Inputs }> {
    const state = props as unknown as HostState;
    const row = rowFor(nixosKind, props);
    refreshed.add(String(props["__urn"]));
    try {
      const lastSeen = parseInputs(nixosKind, pickInputs(nixosKind, props));
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
    rowFor(nixosKind, props).lasting(
      `forgotten: the machine ${String(props["machine"])} keeps running, nothing on it was changed`,
    );
    return Promise.resolve();
  },
};

export const nixosHost = guarded(nixosKind, lifecycle);

async function run(
  news: Inputs,
  work: (tools: HostTools) => Promise<Outcome>,
): Promise<Outcome & { row: Row }> {
  const row = rowFor(nixosKind, news);
  try {
    return { ...(await work(toolsFor(row))), row };
  } finally {
    row.end();
  }
}

function toolsFor(progress: Row): HostTools {
  return { connect: connectSsh, runLocal, progress };
}

function refuseWithoutConsent(state: HostState, inputs: NixosHostInputs): void {
  try {
    requireReinstallConsent(state, inputs);
  } catch (error) {
    throw error instanceof HostError ? new Refusal(error) : error;
  }
}
