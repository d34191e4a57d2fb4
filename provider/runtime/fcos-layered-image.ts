import { asHostError, HostError } from "../core/errors";
import { accessOf } from "../host/access";
import { buildImage, signPublished, type BuildTools } from "../image/build-image";
import { consequences, requireRebuildConsent } from "../image/consequences";
import { setTags } from "../image/push";
import { read, remove, type OpenRegistry } from "../image/read";
import { needsSignature } from "../image/recipe";
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
import { checkResult, failure, Refusal } from "./results";
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
    const state = await run(news, (row) => build(row, inputs));
    return { id: inputs.registry.repository, outs: plainState(state) };
  },

  async update(_id, olds, news) {
    const earlier = olds as unknown as ImageState;
    const inputs = parseInputs(imageKind, news);
    const state = await run(news, (row) => updated(row, earlier, inputs));
    return { outs: plainState(state) };
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

async function updated(row: Row, earlier: ImageState, inputs: ImageInputs): Promise<ImageState> {
  requireRebuildConsent(earlier, inputs);
  if (consequences(earlier, inputs).rebuild) return build(row, inputs);
  const signature = needsSignature(earlier, inputs)
    ? await signPublished(toolsFor(row), inputs, earlier.digest)
    : earlier.signature;
  // Last of all: machines may follow them.
  const tags = await retagged(earlier, inputs);
  return withInputs(earlier, inputs, { tags, signature });
}

async function retagged(earlier: ImageState, inputs: ImageInputs): Promise<string[]> {
  const { registry, repository } = placeOf(inputs);
  const wanted = inputs.registry.tags ?? [];
  const tags = wanted.filter((tag) => !earlier.tags.includes(tag));
  if (tags.length > 0)
    await setTags({
      registry: new Registry(registry, inputs.registry),
      repository,
      digest: earlier.digest,
      tags,
    });
  return [...wanted, earlier.ownTag];
}

async function build(row: Row, inputs: ImageInputs): Promise<ImageState> {
  return stateOf(inputs, await buildImage(toolsFor(row), inputs));
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

/** Before the push of a proved image nothing lasting happens; after it an image that nobody follows: a plain failure. */
async function run<T>(inputs: Inputs, work: (row: Row) => Promise<T>): Promise<T> {
  const row = rowFor(imageKind, inputs);
  try {
    return await work(row);
  } catch (error) {
    throw failure(asHostError(error), row);
  } finally {
    row.end();
  }
}

function refuseWithoutConsent(state: ImageState, inputs: ImageInputs): void {
  try {
    requireRebuildConsent(state, inputs);
  } catch (error) {
    throw error instanceof HostError ? new Refusal(error) : error;
  }
}
