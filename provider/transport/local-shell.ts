import { randomBytes } from "node:crypto";
import { chmod, constants, copyFile, rename, rm } from "node:fs/promises";
import { within } from "../core/deadline";
import { HostError, lastLines } from "../core/errors";
import type { CommandResult, RunOptions, Shell, UploadOptions } from "../core/shell";
import { MarkedOutput, wrapScript } from "./marked-output";
import { endGroup, groupEnded, groupRuns } from "./process-group";

const maxOutput = 8 * 1024 * 1024;
/** Its output may lag behind the shell's own end, but nothing has to follow. */
const secondsToClose = 5;

export interface LocalRunOptions extends RunOptions {
  /** When the shell is closed, or this process ends, only its output is; no signal disturbs it. As behind ssh. */
  outlivesUs?: boolean;
}

/** What a script can ask of a machine, be it this one or one behind ssh. */
export interface LocalShell extends Pick<Shell, "upload" | "close"> {
  run: (script: string, options: LocalRunOptions) => Promise<CommandResult>;
}

/** How to end each script that runs. */
type Running = Set<() => void>;

/** The sh of the machine where the Pulumi program runs, asked as one behind ssh is: scripts on stdin, marks, deadlines. */
export function openLocalShell(): LocalShell {
  const running: Running = new Set();
  return {
    run: (script, options) => runHere(script, options, running),
    upload: copyHere,
    close: () => running.forEach((end) => end()),
  };
}

async function runHere(script: string, options: LocalRunOptions, running: Running): Promise<CommandResult> {
  // An ES module: only a dynamic import loads it under every loader that a Pulumi program may run with.
  const { execa } = await import("execa");
  return new Promise((resolve, reject) => {
    const nonce = randomBytes(16).toString("hex");
    const stdout = new MarkedOutput(nonce, maxOutput, options.onLine);
    const stderr = new MarkedOutput(nonce, maxOutput, options.onLine);
    const child = execa("sh", ["-s"], {
      input: wrapScript(script, nonce),
      buffer: false,
      reject: false,
      // A group of its own: Ctrl-C does not reach it, and the deadline ends what the script has started, too.
      detached: true,
    });
    const { pid } = child;
    const end = options.outlivesUs ? () => letGo() : () => endGroup(pid);
    running.add(end);
    if (!options.outlivesUs) groupRuns(pid);

    let settled = false;
    const settle = (answer: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      stdout.finish();
      stderr.finish();
      // What the script left in the background may hold these open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      answer();
    };
    // Only what has settled has all of its output.
    const fail = (error: () => HostError): void => settle(() => reject(error()));
    const abort = (error: () => HostError): void => {
      endGroup(pid);
      fail(error);
    };
    const letGo = (): void => {
      child.nodeChildProcess.unref();
      fail(() => ended("it was let go", stdout, stderr));
    };
    const timer = setTimeout(
      () => abort(() => tooLate(options.deadlineSeconds, stdout, stderr)),
      options.deadlineSeconds * 1000,
    );
    const take = (output: MarkedOutput, chunk: Buffer): void => {
      output.push(chunk);
      if (output.tooLong) return abort(tooMuch);
      if (!stdout.ended || !stderr.ended) return;
      settle(() => resolve({ exitCode: stdout.exitCode ?? -1, stdout: stdout.text, stderr: stderr.text }));
    };
    child.stdout.on("data", (chunk: Buffer) => take(stdout, chunk));
    child.stderr.on("data", (chunk: Buffer) => take(stderr, chunk));
    child.nodeChildProcess.on("exit", (code, signal) => {
      groupEnded(pid);
      running.delete(end);
      const why = (): HostError => ended(howItEnded(code, signal), stdout, stderr);
      setTimeout(() => fail(why), secondsToClose * 1000).unref();
    });
    void child.then((result) => {
      running.delete(end);
      if (pid === undefined) fail(() => noShell(result.shortMessage ?? "no process"));
      else fail(() => ended(howItEnded(result.exitCode, result.signal), stdout, stderr));
    });
  });
}

/** Under its name only when it is whole; mode 0600. A file system that can shares the blocks. */
async function copyHere(localPath: string, path: string, options: UploadOptions): Promise<void> {
  const part = `${path}.part`;
  const copy = async (): Promise<void> => {
    try {
      await rm(part, { force: true });
      await copyFile(localPath, part, constants.COPYFILE_FICLONE);
      await chmod(part, 0o600);
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new HostError("copy-failed", {
        what: `${localPath} could not be copied to ${path}: ${reason}`,
        next: "see the rights of both, and the free space",
      });
    }
  };
  await within(options.deadlineSeconds, `the copy of ${localPath}`, copy());
}

function tooLate(seconds: number, stdout: MarkedOutput, stderr: MarkedOutput): HostError {
  return new HostError("deadline-exceeded", {
    what: `the script did not end within ${seconds} s`,
    ...logOf(stdout, stderr),
  });
}

function tooMuch(): HostError {
  return new HostError("command-failed", {
    what: `the script printed more than ${maxOutput / 1024 / 1024} MiB; it was ended`,
  });
}

function ended(how: string, stdout: MarkedOutput, stderr: MarkedOutput): HostError {
  return new HostError("command-failed", {
    what: `sh ended (${how}) before the script did`,
    next: "look whether something killed it: the log below, or dmesg, may tell",
    ...logOf(stdout, stderr),
  });
}

function howItEnded(code: number | null | undefined, signal: string | null | undefined): string {
  return signal ?? `code ${code ?? "unknown"}`;
}

function noShell(reason: string): HostError {
  return new HostError("command-failed", { what: `sh could not be started: ${reason}` });
}

function logOf(stdout: MarkedOutput, stderr: MarkedOutput): { log?: string } {
  const log = lastLines(`${stdout.noise}\n${stdout.text}\n${stderr.text}\n${stderr.noise}`.trim(), 60);
  return log === "" ? {} : { log };
}
