import { homedir } from "node:os";
import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import type { Progress } from "../core/progress";
import { hashOf } from "../download/file-hash";
import type { BuildMachine } from "./build-machine";
import { kernelReleaseOf } from "./kernel-release";
import { rpmArchitecture } from "./resolve";
import { rpmFile } from "./rpm";
import type { ImageInputs } from "./schema";
import { writeFile } from "./working-folder";

/** An RPM that lies here, with the name that it has in the build. */
export interface LocalRpm {
  path: string;
  name: string;
}

const fetchSeconds = 3600;
const uploadSeconds = 3600;

/** Every RPM whole and with the declared hash. What a URL's first bytes had said of the kernel is checked by them. */
export async function fetchRpms(
  { kernel, kernelRelease, platform }: ImageInputs,
  progress: Progress,
): Promise<LocalRpm[]> {
  const tools = { progress, deadlineSeconds: fetchSeconds };
  const files = await Promise.all(
    kernel.rpms.map((reference, index) => rpmFile(reference, `kernel.rpms[${index}]`, tools)),
  );
  const release = kernelReleaseOf(
    files.map(({ header }) => header),
    { release: kernel.release, architecture: platform && rpmArchitecture(platform) },
  );
  if (release === kernelRelease) return files;
  throw new HostError("bad-input", {
    what: "kernel.rpms: the files are of another kernel than what was read of their first bytes",
    expected: kernelRelease,
    seen: release,
    next: "what the URLs give has changed in between: run pulumi up again",
  });
}

/** Brings what the Containerfile reads to the build machine. */
export async function fillContext(
  machine: BuildMachine,
  inputs: ImageInputs,
  rpms: readonly LocalRpm[],
  progress: Progress,
): Promise<void> {
  for (const { path, name } of rpms) {
    await machine.upload(path, `context/rpms/${name}`, {
      deadlineSeconds: uploadSeconds,
      onProgress: (sent, total) => progress.detail(`${name}: ${bytes(sent)} of ${bytes(total)}`),
    });
  }
  const { files = {} } = inputs;
  for (const [index, target] of Object.keys(files).sort().entries()) {
    const { content, source } = files[target] ?? {};
    const name = `context/files/${index}`;
    if (content !== undefined) await write(machine, name, content);
    else await uploadSource(machine, inputs, { target, source: source ?? "", name });
  }
}

export async function write(machine: BuildMachine, name: string, text: string): Promise<void> {
  const { exitCode, stderr } = await machine.run(writeFile(name, text), { deadlineSeconds: 60 });
  if (exitCode === 0) return;
  throw new HostError("copy-failed", {
    what: `${machine.folder.path}/${name} could not be written on the build machine`,
    seen: stderr.trim() || `exit code ${exitCode}`,
  });
}

async function uploadSource(
  machine: BuildMachine,
  { __fileHashes }: ImageInputs,
  { target, source, name }: { target: string; source: string; name: string },
): Promise<void> {
  const path = source.replace(/^~(?=\/)/, homedir());
  const property = `files["${target}"].source`;
  const wanted = __fileHashes[target];
  const seen = await hashOf(path, property, "a file that can be read here");
  if (wanted !== undefined && seen !== wanted) {
    throw new HostError("bad-input", {
      what: `${property}: ${source} has changed since the program ran`,
      expected: wanted,
      seen,
      next: "run pulumi up again",
    });
  }
  await machine.upload(path, name, { deadlineSeconds: uploadSeconds });
}
