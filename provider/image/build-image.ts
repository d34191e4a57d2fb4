import { randomBytes } from "node:crypto";
import { asHostError, type HostError } from "../core/errors";
import type { Progress } from "../core/progress";
import { prepareBase } from "./base-image";
import { fetchRpms } from "./build-context";
import { BuildMachine, type BuildShell } from "./build-machine";
import { build, inspect } from "./build-steps";
import { ownTagOf, push, setTags, type PushTarget } from "./push";
import { formatReference } from "../core/image-reference";
import type { ImageInputs } from "./schema";
import { requireCosign, signImage } from "./sign";
import { placeOf, type BuiltImage } from "./state";
import type { RegistryLogin } from "./types";

export interface BuildTools {
  /** Into the machine that builds. */
  shell: (inputs: ImageInputs) => Promise<BuildShell> | BuildShell;
  progress: Progress;
  registry: (registry: string, login: RegistryLogin) => PushTarget;
}

export interface Build {
  image: BuiltImage;
  /** What went wrong after the push: signing, or a tag. What `image` says is in the registry all the same. */
  error?: HostError;
}

const defaultBuildSeconds = 3600;
const defaultPushSeconds = 1800;

/** From inputs to an image that is proved and in the registry. Until the push nothing lasting happens anywhere. */
export async function buildImage(tools: BuildTools, inputs: ImageInputs): Promise<Build> {
  const { progress } = tools;
  const { buildSeconds = defaultBuildSeconds, pushSeconds = defaultPushSeconds } = inputs.deadlines ?? {};
  const { registry, repository } = placeOf(inputs);
  const target = tools.registry(registry, inputs.registry);
  const ownTag = ownTagOf(inputs, randomBytes(6).toString("hex"));
  const step = stepsOf(progress, inputs.sign === undefined ? 7 : 8);

  // A login that may not push is found now, and not at the end of a build.
  await step("ask the registry", () => target.requirePush(repository));
  const rpms = await step("fetch RPMs", () => fetchRpms(inputs, progress));
  return await onMachine(tools, inputs, step, async (machine) => {
    const base = await step("look into the base", () => prepareBase(machine, inputs, progress, buildSeconds));
    const containerfile = await step("build", () =>
      build(machine, inputs, { base, rpms }, progress, buildSeconds),
    );
    const { image, initramfs, inspections } = await step("inspect", () =>
      inspect(machine, inputs, base, progress),
    );
    const to = { destination: { registry, repository, ownTag }, target, imageId: image.id };
    const { digest, sizeBytes } = await step("push", () => push(machine, inputs, to, progress, pushSeconds));
    const reference = formatReference({ registry, repository, digest });
    const { kernelRelease } = inputs;
    const made = {
      digest,
      reference,
      kernelRelease,
      initramfs,
      inspections,
      sizeBytes,
      containerfile,
      ownTag,
    };
    const { error, tags, signature } = await release(machine, inputs, digest, { step, target });
    return { image: { ...made, tags: [...tags, ownTag], signature }, ...(error && { error }) };
  });
}

/** As far as it comes: nothing that fails here takes away what is in the registry. */
async function release(
  machine: BuildMachine,
  inputs: ImageInputs,
  digest: string,
  { step, target }: { step: Step; target: PushTarget },
): Promise<Pick<BuiltImage, "tags" | "signature"> & Pick<Build, "error">> {
  const { repository } = placeOf(inputs);
  const wanted = [...new Set(inputs.registry.tags ?? [])];
  const tags: string[] = [];
  let signature = "";
  try {
    signature = await signed(machine, inputs, digest, { step, target });
    // Last of all: machines may follow them.
    const onSet = (tag: string): void => void tags.push(tag);
    await inPhase("set tags", () => setTags({ registry: target, repository, digest, tags: wanted, onSet }));
    return { tags, signature };
  } catch (error) {
    return { tags, signature, error: asHostError(error) };
  }
}

/** Signs what an earlier run has pushed. The digest of the signature; empty where none is asked for. */
export async function signPublished(tools: BuildTools, inputs: ImageInputs, digest: string): Promise<string> {
  if (inputs.sign === undefined) return "";
  const target = tools.registry(placeOf(inputs).registry, inputs.registry);
  const step = stepsOf(tools.progress, 2);
  return onMachine(tools, inputs, step, (machine) => signed(machine, inputs, digest, { step, target }));
}

async function signed(
  machine: BuildMachine,
  inputs: ImageInputs,
  digest: string,
  { step, target }: { step: Step; target: PushTarget },
): Promise<string> {
  if (inputs.sign === undefined) return "";
  return step("sign", () => signImage(machine, inputs, { ...placeOf(inputs), digest }, target));
}

type Step = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>;

function stepsOf(progress: Progress, count: number): Step {
  let number = 0;
  return (name, work) => {
    progress.begin(++number, count, name);
    return inPhase(name, work);
  };
}

async function inPhase<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    const error = asHostError(thrown);
    error.phase ??= name;
    throw error;
  }
}

/** Whatever happens, nothing of the build stays on the machine. */
async function onMachine<Result>(
  { shell: open, progress }: BuildTools,
  inputs: ImageInputs,
  step: Step,
  work: (machine: BuildMachine) => Promise<Result>,
): Promise<Result> {
  const machine = await step("reach the builder", async () => {
    const shell = await open(inputs);
    return BuildMachine.open(shell, inputs.builder?.tool).catch((error: unknown) => {
      shell.close();
      throw error;
    });
  });
  try {
    progress.log(`${machine.version}, in ${machine.folder.path}`);
    await requireCosign(machine, inputs);
    return await work(machine);
  } finally {
    const left = await machine.end();
    if (left !== undefined) progress.warning(left.text());
    machine.close();
  }
}
