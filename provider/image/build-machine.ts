import { randomBytes } from "node:crypto";
import { within } from "../core/deadline";
import { asHostError, HostError } from "../core/errors";
import type { CommandResult, RunOptions, Shell, UploadOptions } from "../core/shell";
import { builders } from "./builders";
import type { Builder } from "./builders/builder";
import {
  endScript,
  imageNames,
  inFolder,
  keeperScript,
  noFolder,
  noTool,
  readyMark,
  type WorkingFolder,
} from "./working-folder";

/** What is asked of the machine that builds: this one, or one behind ssh. */
export interface BuildShell extends Pick<Shell, "upload" | "close"> {
  /** `outlivesUs`: when the shell is closed, or this process ends, only its output is; no signal disturbs it. */
  run: (script: string, options: RunOptions & { outlivesUs?: boolean }) => Promise<CommandResult>;
}

const longestBuildSeconds = 7 * 24 * 3600;
const secondsToOpen = 60;
/** Some for what runs to end politely, the rest for big containers on slow disks. */
const secondsToEnd = 120;

/** A machine that builds, with a working folder on it for one build. Whatever happens to us, nothing of that stays. */
export class BuildMachine {
  private constructor(
    private readonly shell: BuildShell,
    readonly builder: Builder,
    readonly folder: WorkingFolder,
    /** As the tool tells it: `buildah version 1.28.2 …`. */
    readonly version: string,
    readonly names: ReturnType<typeof imageNames>,
    private readonly keeper: Promise<CommandResult>,
  ) {}

  static async open(shell: BuildShell, wanted?: Builder["tool"]): Promise<BuildMachine> {
    const candidates = builders.filter(({ tool }) => wanted === undefined || tool === wanted);
    const id = `immutable-os-${randomBytes(6).toString("hex")}`;
    const said: string[] = [];
    let ready: () => void = () => undefined;
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    const keeper = shell.run(keeperScript(id, candidates), {
      deadlineSeconds: longestBuildSeconds,
      outlivesUs: true,
      onLine: (line) => {
        if (line.startsWith(readyMark) && said.push(line.slice(readyMark.length)) === 4) ready();
      },
    });
    const early = keeper.then((result): never => {
      throw notOpened(result, candidates);
    });
    early.catch(() => undefined);
    await within(secondsToOpen, "making the working folder", Promise.race([isReady, early]));
    const [tool, path = "", secrets = "", version = ""] = said;
    const builder = candidates.find((each) => each.tool === tool) as Builder;
    return new BuildMachine(shell, builder, { path, secrets }, version, imageNames(id), keeper);
  }

  /** Runs in the working folder. Its exit code is the caller's to judge. */
  run(script: string, options: RunOptions): Promise<CommandResult> {
    return this.shell.run(inFolder(this.folder, script), options);
  }

  /** `name`: below the working folder. */
  upload(localPath: string, name: string, options: UploadOptions): Promise<void> {
    return this.shell.upload(localPath, `${this.folder.path}/${name}`, options);
  }

  close(): void {
    this.shell.close();
  }

  /** Removes all that the build has left here, and says what could not be removed. What takes longer goes on by itself. */
  async end(seconds = secondsToEnd): Promise<HostError | undefined> {
    try {
      await this.shell.run(endScript(this.folder), { deadlineSeconds: 30 });
      const { exitCode } = await within(seconds, "cleaning up on the build machine", this.keeper);
      return exitCode === 0
        ? undefined
        : notRemoved(this.folder, `the clean-up ended with exit code ${exitCode}`);
    } catch (error) {
      return notRemoved(this.folder, asHostError(error).details.what);
    }
  }
}

function notOpened({ exitCode, stderr }: CommandResult, candidates: readonly Builder[]): HostError {
  const tools = candidates.map(({ tool }) => tool).join(" nor ");
  if (exitCode === noTool) {
    return new HostError("bad-input", {
      what: `the build machine has ${candidates.length > 1 ? "neither " : "no "}${tools}`,
      expected: "buildah (1.28 or later) or podman (4.3 or later) on its PATH",
      seen: "nothing of that name",
      next: "install buildah there, or name another machine in builder.connection",
    });
  }
  return new HostError("command-failed", {
    what: "no working folder could be made on the build machine",
    expected: exitCode === noFolder ? "a folder in $TMPDIR or /var/tmp" : "exit code 0",
    seen: stderr.trim() || `exit code ${exitCode}`,
    next: "see the free space and the rights of that folder",
  });
}

function notRemoved({ path }: WorkingFolder, seen: string): HostError {
  return new HostError("command-failed", {
    what: `the working folder ${path} may still be on the build machine`,
    seen,
    next: "its clean-up goes on by itself; where it is still there after an hour, remove it",
  });
}
