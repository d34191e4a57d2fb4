import { spawn } from "node:child_process";

export type Log = (line: string) => void;
/** Past the console: a test runner's console adds a stack to every line. */
export const defaultLog: Log = (line) => process.stderr.write(`lab: ${line}\n`);

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** After this time the command is killed and counts as failed. */
  timeoutSeconds?: number;
  /** Receives every line of output while the command runs. */
  log?: Log;
}

const TEN_MINUTES = 600;

/** Runs a program to its end; a non-zero exit code is a result, not an error. */
export function run(program: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that the deadline ends the command's children too.
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    const forward = (chunk: string) => {
      for (const line of chunk.split("\n")) if (line) options.log?.(line);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => ((stdout += chunk), forward(chunk)));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => ((stderr += chunk), forward(chunk)));

    const seconds = options.timeoutSeconds ?? TEN_MINUTES;
    const deadline = setTimeout(() => {
      stderr += `\n[ended after its deadline of ${seconds} s]`;
      endGroup(child.pid);
    }, seconds * 1000);

    child.on("error", (error) => (clearTimeout(deadline), reject(error)));
    child.on("close", (code, signal) => {
      clearTimeout(deadline);
      resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr });
    });
    child.stdin.on("error", () => undefined); // the command may end without reading its input
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a bash script (`set -euo pipefail`), resolves to its stdout, rejects with all output on failure. */
export async function sh(script: string, options: CommandOptions = {}): Promise<string> {
  const result = await run("bash", ["-euo", "pipefail", "-c", script], options);
  if (result.code !== 0) {
    throw new Error(
      `lab command failed with ${result.code}:\n${script}\n--- stdout\n${result.stdout.slice(-4000)}\n--- stderr\n${result.stderr.slice(-4000)}`,
    );
  }
  return result.stdout;
}

/** Quotes a word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export const sleep = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000));

/** Tries until `attempt` gives a value; the deadline's error says what was waited for. */
export async function waitFor<T>(
  what: string,
  deadlineSeconds: number,
  attempt: () => Promise<T | undefined>,
  pauseSeconds = 0.3,
): Promise<T> {
  const end = Date.now() + deadlineSeconds * 1000;
  while (Date.now() < end) {
    const value = await attempt();
    if (value !== undefined) return value;
    await sleep(pauseSeconds);
  }
  throw new Error(`not seen within ${deadlineSeconds} s: ${what}`);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself in the meantime
  }
}
