import { homedir } from "node:os";
import { HostError } from "../core/errors";
import { bytes } from "../core/format";
import { quote } from "../core/quote";
import type { Progress } from "../core/progress";
import { hashOf } from "../download/file-hash";
import type { BuildMachine } from "./build-machine";
import { kernelReleaseOf } from "./kernel-release";
import { architectureOf } from "./image-look";
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
const hashSeconds = 600;

/** What was declared of a file that was brought to the build machine. */
interface Brought {
  property: string;
  name: string;
  sha256: string;
}

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
    { release: kernel.release, architecture: platform && architectureOf(platform) },
  );
  if (release === kernelRelease) return files;
  throw new HostError("bad-input", {
    what: "kernel.rpms: the files are of another kernel than what was read of their first bytes",
    expected: kernelRelease,
    seen: release,
    next: "what the URLs give has changed in between: run pulumi up again",
  });
}

/** Brings what the Containerfile reads to the build machine, and finds it there as it was declared. */
export async function fillContext(
  machine: BuildMachine,
  inputs: ImageInputs,
  rpms: readonly LocalRpm[],
  progress: Progress,
): Promise<void> {
  const brought: Brought[] = [];
  for (const [index, { path, name }] of rpms.entries()) {
    await machine.upload(path, `context/rpms/${name}`, {
      deadlineSeconds: uploadSeconds,
      onProgress: (sent, total) => progress.detail(`${name}: ${bytes(sent)} of ${bytes(total)}`),
    });
    const { sha256 = "" } = inputs.kernel.rpms[index] ?? {};
    brought.push({ property: `kernel.rpms[${index}]`, name: `context/rpms/${name}`, sha256 });
  }
  const { files = {} } = inputs;
  for (const [index, target] of Object.keys(files).sort().entries()) {
    const { content, source } = files[target] ?? {};
    const name = `context/files/${index}`;
    if (content !== undefined) await write(machine, name, content);
    else brought.push(await uploadSource(machine, inputs, { target, source: source ?? "", name }));
  }
  await requireSame(machine, brought);
}

/** A file that was hashed here may have changed before it was sent, or on its way. */
async function requireSame(machine: BuildMachine, brought: readonly Brought[]): Promise<void> {
  const names = brought.map(({ name }) => quote(name)).join(" ");
  const { stdout, stderr } = await machine.run(`sha256sum -- ${names}`, { deadlineSeconds: hashSeconds });
  const hashes = new Map(
    [...stdout.matchAll(/^([0-9a-f]{64}) [ *](.*)$/gm)].map(([, hash, name]) => [name, hash]),
  );
  for (const { property, name, sha256 } of brought) {
    const seen = hashes.get(name);
    if (seen === sha256) continue;
    throw new HostError("copy-failed", {
      what: `${property}: what came to the build machine is not what was declared; nothing was built`,
      expected: sha256,
      seen: seen ?? (stderr.trim() || "no hash of it"),
      next: "see whether something writes to that file while it is copied; then run pulumi up again",
    });
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
): Promise<Brought> {
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
  return { property, name, sha256: seen };
}
