import { HostError, lastLines } from "../core/errors";
import type { Progress } from "../core/progress";
import { baseProbeScript, parseBaseFacts } from "./base-probe";
import type { BuildMachine } from "./build-machine";
import { BuildProgress } from "./build-progress";
import type { BuildPlace } from "./builders/builder";
import { registryRefusal } from "./builders/registry-words";
import { inspectedImage, lookInto } from "./look";
import { withLogin } from "./login-files";
import { formatReference, parseReference } from "../core/image-reference";
import type { ImageInputs } from "./schema";
import type { BaseFacts } from "./types";

/** The base on the build machine, under a name of this build. */
export interface Base {
  /** `registry/repository@sha256:…`. */
  reference: string;
  facts: BaseFacts;
  /** In which its containers run there. */
  place: BuildPlace;
}

export async function prepareBase(
  machine: BuildMachine,
  inputs: ImageInputs,
  progress: Progress,
  deadlineSeconds: number,
): Promise<Base> {
  const reference = await pull(machine, inputs, progress, deadlineSeconds);
  const { output, place } = await probe(machine, inputs, progress);
  const facts = parseBaseFacts(output, await inspectedImage(machine, machine.names.base));
  progress.lasting(
    `base: ${facts.osRelease.name} (${facts.architecture}), kernel ${facts.kernelReleases.join(", ") || "none"}, ${reference}`,
  );
  return { reference, facts, place };
}

async function pull(
  machine: BuildMachine,
  { base, platform }: ImageInputs,
  progress: Progress,
  deadlineSeconds: number,
): Promise<string> {
  const { builder, folder, names } = machine;
  const place = parseReference(base.reference);
  if (place === undefined) throw new Error("checked inputs name a base");
  const { registry, repository } = place;
  const reference = formatReference({ registry, repository, digest: base.digest });
  const said = new BuildProgress(progress);
  const script = await withLogin(
    folder,
    place,
    base,
    (login) => `id=$(${builder.pull(reference, login, platform)}) || exit
${builder.tool} tag "$(printf '%s\\n' "$id" | tail -n 1)" ${names.base}`,
  );
  const pulled = await machine.run(script, { deadlineSeconds, onLine: (line) => said.line(line) });
  if (pulled.exitCode === 0) return reference;
  throw registryRefusal(pulled.stderr, {
    what: `base: ${reference} could not be pulled by ${builder.tool}`,
    property: "base",
    code: "build-failed",
  });
}

/** Where the tool's own isolation needs rights that there are none for, that of chroot needs the fewest. */
async function probe(
  machine: BuildMachine,
  { platform }: ImageInputs,
  progress: Progress,
): Promise<{ output: string; place: BuildPlace }> {
  const failures: string[] = [];
  for (const isolation of ["", "chroot"] as const) {
    const place = { isolation, platform };
    const look = await lookInto(machine, machine.names.base, baseProbeScript, place);
    if (look.exitCode === 0) return { output: look.stdout, place };
    const reason = lastLines(look.stderr.trim(), 3);
    failures.push(`${isolation === "" ? "by default" : `with --isolation=${isolation}`}: ${reason}`);
    progress.log(`no container runs ${failures.at(-1)}`);
  }
  throw new HostError("build-failed", {
    what: `${machine.builder.tool} cannot run anything in the base image on the build machine`,
    expected: "a step of a build that prints what is in the base",
    seen: failures.join("\n            "),
    next: "see what it needs there (rights, subuids, a runtime such as crun); a base of another architecture needs qemu-user-static with binfmt, or a machine of its own in builder.connection",
  });
}
