import { randomBytes } from "node:crypto";
import { asHostError, HostError } from "../core/errors";
import { accessOf } from "../host/access";
import { buildImage, signPublished, type BuildTools } from "../image/build-image";
import { consequences, requireRebuildConsent } from "../image/consequences";
import { setTags } from "../image/push";
import { read, remove, type OpenRegistry } from "../image/read";
import { missingTags, needsSignature } from "../image/recipe";
import { Registry } from "../image/registry/client";
import type { ImageInputs } from "../image/schema";
import { placeOf, stateOf, withInputs, type ImageState } from "../image/state";
import { openLocalShell } from "../transport/local-shell";
import { connectSsh } from "../transport/ssh";
import { guarded, rowFor, type Lifecycle } from "./calls";
import { imageChanges } from "./image-changes";
import { imageKind } from "./image-kind";
import { hasUnknowns, parseInputs, withoutProvider, type Inputs } from "./inputs";
import { problemsOfChange } from "./problems";
import { checkResult, failure, partialFailure, Refusal } from "./results";
import type { Row } from "./row";
import { pickInputs, plainState } from "./state";

/** After a read the engine calls diff for its own display; what follows is said by the diff of the update. */
const refreshed = new Set<string>();

const openRegistry: OpenRegistry = (registry, login) => new Registry(registry, login);

/** CRUD as Pulumi calls it, in terms of: resolve (in the constructor) → build → inspect → push. */
const lifecycle: Lifecycle = {
  async check(olds, news) {
    return checkResult(news, await problemsOfChange(imageKind, olds, news));
  },

  diff(_id, olds, news) {
    return Promise.resolve({ changes: changesOf(olds, news) });
  },

  async create(news) {
    const inputs = parseInputs(imageKind, news);
    // Means nothing: all that could name an image may change in an update.
    const id = `image-${randomBytes(6).toString("hex")}`;
    return { id, outs: await run(id, news, (row) => build(row, inputs)) };
  },

  async update(id, olds, news) {
    const earlier = olds as unknown as ImageState;
    const inputs = parseInputs(imageKind, news);
    return { outs: await run(id, news, (row) => updated(row, earlier, inputs)) };
  },

  async read(id, props) {
    const state = props as unknown as ImageState;
    const row = rowFor(imageKind, props);
    refreshed.add(String(props["__urn"]));
    const { published, unseen } = await read(openRegistry, state);
    if (unseen !== undefined)
      row.warning(`could not be looked at, the state is kept as it was: ${unseen.text()}`);
    if (!published)
      row.warning(
        `drift: ${state.reference} is not in the registry any more: machines cannot be moved to it`,
      );
    const inputs = { ...pickInputs(imageKind, props), published, __provider: props["__provider"] };
    return { id, props: plainState({ ...state, published }), inputs };
  },

  async delete(_id, props) {
    try {
      const row = rowFor(imageKind, props);
      row.lasting(await remove(openRegistry, props as unknown as ImageState));
    } catch (error) {
      throw new Refusal(asHostError(error));
    }
  },
};

export const fcosLayeredImage = guarded(imageKind, lifecycle);

function changesOf(olds: Inputs, news: Inputs): boolean | undefined {
  const state = olds as unknown as ImageState;
  const isRefresh = refreshed.delete(String(news["__urn"]));
  if (hasUnknowns(withoutProvider(news))) return undefined;
  const inputs = parseInputs(imageKind, news);
  const changes = imageChanges(state, inputs);
  if (changes === false || isRefresh) return changes;
  refuseWithoutConsent(state, inputs);
  const row = rowFor(imageKind, news);
  for (const line of consequences(state, inputs).lines) row.lasting(line);
  return changes;
}

/** What is true of the image now, and what failed after its push. */
interface Outcome {
  state: ImageState;
  error?: HostError | undefined;
}

async function updated(row: Row, earlier: ImageState, inputs: ImageInputs): Promise<Outcome> {
  requireRebuildConsent(earlier, inputs);
  if (consequences(earlier, inputs).rebuild) return build(row, inputs);
  const isSigned = needsSignature(earlier, inputs);
  const signature = isSigned ? await signPublished(toolsFor(row), inputs, earlier.digest) : earlier.signature;
  // Last of all: machines may follow them.
  const { set, error } = await retagged(earlier, inputs);
  if (error !== undefined && !isSigned && set.length === 0) throw error;
  const stands = (tag: string): boolean => earlier.tags.includes(tag) || set.includes(tag);
  const tags = [...(inputs.registry.tags ?? []).filter(stands), earlier.ownTag];
  return { state: withInputs(earlier, inputs, { tags, signature }), error };
}

async function retagged(
  earlier: ImageState,
  inputs: ImageInputs,
): Promise<{ set: string[]; error?: HostError }> {
  const tags = missingTags(earlier, inputs);
  const set: string[] = [];
  if (tags.length === 0) return { set };
  const { registry: name, repository } = placeOf(inputs);
  const registry = new Registry(name, inputs.registry);
  try {
    await setTags({ registry, repository, digest: earlier.digest, tags, onSet: (tag) => set.push(tag) });
    return { set };
  } catch (error) {
    return { set, error: asHostError(error) };
  }
}

async function build(row: Row, inputs: ImageInputs): Promise<Outcome> {
  const { image, error } = await buildImage(toolsFor(row), inputs);
  return { state: stateOf(inputs, image), error };
}

function toolsFor(progress: Row): BuildTools {
  return {
    progress,
    registry: (registry, login) => new Registry(registry, login),
    shell: ({ builder }) =>
      builder?.connection === undefined
        ? openLocalShell()
        : connectSsh(accessOf(builder.connection, "builder.connection")),
  };
}

/** Before the push of a proved image nothing lasting happens; what fails after it keeps what is in the registry. */
async function run(id: string, news: Inputs, work: (row: Row) => Promise<Outcome>): Promise<Inputs> {
  const row = rowFor(imageKind, news);
  try {
    const { state, error } = await work(row).catch((thrown: unknown) =>
      Promise.reject(failure(asHostError(thrown), row)),
    );
    if (error !== undefined)
      throw isCarried(state) ? partialFailure(id, state, error, news, row) : failure(error, row);
    return plainState(state);
  } finally {
    row.end();
  }
}

/** Beside its text an error has room for a state of this size: a larger one would take both with it. */
function isCarried(state: ImageState): boolean {
  return Buffer.byteLength(JSON.stringify(state)) <= 20_000;
}

function refuseWithoutConsent(state: ImageState, inputs: ImageInputs): void {
  try {
    requireRebuildConsent(state, inputs);
  } catch (error) {
    throw error instanceof HostError ? new Refusal(error) : error;
  }
}
