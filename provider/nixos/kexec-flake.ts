import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { HostError } from "../core/errors";
import { splitReference } from "./evaluate";
import { imageName, type ImageTools, type KexecImageReference } from "./kexec-reference";

export const lockedReference =
  'install.kexec.flake as "<reference>#<output>" with a revision of 40 digits, a narHash, or a folder with its flake.lock';

/** The flakes that may be another bundle tomorrow. A folder here is judged by Nix, when it is built. */
export function unlockedFlakes(images: readonly KexecImageReference[]): string[] {
  return images.filter(({ flake }) => flake !== undefined && !isLocked(flake)).map(imageName);
}

/** A hash of its content, a revision, or a path whose flake.lock says all there is. */
export function isLocked(reference: string): boolean {
  if (!/^[^#]+#[^#]+$/.test(reference)) return false;
  const { flake } = splitReference(reference);
  return (
    /^(path:|git\+file:|\.|\/)/.test(flake) ||
    /[?&]narHash=sha256-/.test(flake) ||
    /[?&]rev=[0-9a-f]{40}(&|$)/.test(flake) ||
    /^[a-z]+:([^/?]+\/)+[0-9a-f]{40}(\?|$)/.test(flake)
  );
}

/** Builds the flake's output here, and finds the tarball in it. */
export async function buildBundle(reference: string, name: string, tools: ImageTools): Promise<string> {
  const { progress, runLocal, deadlineSeconds, nixArguments } = tools;
  if (!isLocked(reference)) throw notLocked(name, "no revision");
  const { flake, name: output } = splitReference(reference);
  progress.detail(`building the kexec bundle ${name}`);
  const run = await runLocal(
    "nix",
    // A lock that is missing or incomplete must not be made up on the way: it would be another one tomorrow.
    [...[...nixArguments, "build", "--json", "--no-link", "--no-update-lock-file"], `${flake}#${output}`],
    {
      deadlineSeconds,
      onLine: (line) => {
        progress.log(line);
        if (/^(building|copying path)/.test(line)) progress.detail(line);
      },
    },
  );
  if (run.exitCode !== 0 && run.stderr.includes("--no-update-lock-file"))
    throw notLocked(name, "a flake.lock that is missing or lacks an input");
  if (run.exitCode !== 0) {
    throw new HostError("build-failed", {
      what: `install.kexec: ${name} could not be built; nothing was changed`,
      expected: "nix build to end with exit code 0",
      seen: run.stderr.trim().split("\n").at(-1) || `exit code ${run.exitCode}`,
      log: run.stderr,
    });
  }
  return tarballIn(outputOf(run.stdout), name);
}

function outputOf(stdout: string): string {
  const [built] = JSON.parse(stdout) as { outputs: Record<string, string> }[];
  return built?.outputs["out"] ?? Object.values(built?.outputs ?? {})[0] ?? "";
}

/** The output itself, or the one tarball in it. */
async function tarballIn(path: string, name: string): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder) return path;
  const tarballs = (await readdir(path)).filter((file) => file.endsWith(".tar.gz"));
  const [tarball] = tarballs;
  if (tarball !== undefined && tarballs.length === 1) return join(path, tarball);
  throw new HostError("bad-input", {
    what: `install.kexec: ${name} is no kexec bundle; nothing was changed`,
    expected: `one .tar.gz in ${path}`,
    seen: tarballs.join(", ") || "none",
    next: "name the output that holds nixos-images' tarball",
  });
}

function notLocked(name: string, seen: string): HostError {
  return new HostError("bad-input", {
    what: `install.kexec: ${name} is not at a locked revision; nothing was changed`,
    expected: lockedReference,
    seen,
    next: "write the revision into the reference, or commit the flake.lock of the folder",
  });
}
