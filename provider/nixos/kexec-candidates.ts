import { HostError, type ErrorCode } from "../core/errors";
import type { Progress } from "../core/progress";
import { imageName, type KexecImageReference } from "./kexec-reference";

/** A bundle that lies on the host and whose kernel was loaded there in a rehearsal. */
export interface Installer {
  /** The bundle's own `init=`. */
  init: string;
  kernelRelease: string;
  sha256: string;
  /** The path, URL or flake that it comes from. */
  source: string;
}

interface Failure {
  source: string;
  error: HostError;
}

/** Known-good installers, taken in order: why each one failed, and which ones are left. */
export class Candidates {
  private readonly failures: Failure[] = [];
  private readonly left: KexecImageReference[];

  constructor(images: readonly KexecImageReference[]) {
    this.left = [...images];
  }

  next(): KexecImageReference {
    const image = this.left.shift();
    if (image === undefined) throw new Error("no image was left to try");
    return image;
  }

  /** Goes on to the next one, and says why; after the last one this is the end. */
  failed(source: string, error: HostError, progress: Progress): void {
    const failure = { source, error };
    this.failures.push(failure);
    const [next] = this.left;
    if (next === undefined) throw allFailed(this.failures);
    progress.warning(`${inWords(failure).split("\n")[0]}. Now ${imageName(next)} is tried`);
  }
}

/** What a kexec itself met tells more than a file that could not be had. */
const mostTelling: ErrorCode[] = ["silent-kexec-failure", "kexec-load-failed", "installer-not-proved"];

function allFailed(failures: readonly Failure[]): HostError {
  const last = failures.at(-1) as Failure;
  if (failures.length === 1) return last.error;
  const telling = mostTelling
    .map((code) => failures.find(({ error }) => error.code === code))
    .find((failure) => failure !== undefined);
  const { code, details } = (telling ?? last).error;
  const list = failures.map((failure, index) => `${index + 1}. ${inWords(failure)}`);
  return new HostError(code, {
    ...details,
    what: `none of the ${failures.length} installers could be booted; the old system still runs, the disks were not touched`,
    seen: list.map((line) => line.replaceAll("\n", "\n       ")).join("\n    "),
  });
}

function inWords({ source, error }: Failure): string {
  const { what, seen } = error.details;
  return `${source}: ${what} [${error.code}]${seen === undefined ? "" : `: ${seen}`}`;
}
