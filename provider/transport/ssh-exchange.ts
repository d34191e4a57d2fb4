import type { ClientChannel } from "ssh2";
import { asHostError, HostError, lastLines } from "../core/errors";
import type { CommandResult } from "../core/shell";
import { MarkedOutput } from "./marked-output";
import { labelOf } from "./ssh-address";
import type { SshConnection } from "./ssh-connection";
import { sudoRefused } from "./ssh-sudo";

const maxOutput = 8 * 1024 * 1024;
/** What follows the end of a channel's output follows at once: its close, or nothing. */
const secondsToClose = 5;

export interface Exchange {
  /** For errors: "the command", "the upload of …". */
  what: string;
  command: string;
  nonce: string;
  deadlineSeconds: number;
  onLine?: (line: string) => void;
  /** Writes the command's stdin and ends it; stops when `stopped` is aborted. */
  feed: (channel: ClientChannel, stopped: AbortSignal) => void | Promise<void>;
}

/** Runs one command on a channel of its own. It succeeds only when the end of its output was proved. */
export function exchange(connection: SshConnection, job: Exchange): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdout = new MarkedOutput(job.nonce, maxOutput, job.onLine);
    const stderr = new MarkedOutput(job.nonce, maxOutput, job.onLine);
    const stop = new AbortController();
    let exit: string | undefined;
    let opened = false;
    let closing: NodeJS.Timeout | undefined;

    const settle = (answer: () => void): void => {
      if (stop.signal.aborted) return;
      stop.abort();
      clearTimeout(timer);
      clearTimeout(closing);
      stdout.finish();
      stderr.finish();
      answer();
    };
    const fail = (error: HostError): void => settle(() => reject(error));
    const timer = setTimeout(
      () => settle(() => reject(tooLate(job, opened, stdout, stderr))),
      job.deadlineSeconds * 1000,
    );

    const take = (output: MarkedOutput, chunk: Buffer): void => {
      output.push(chunk);
      if (output.tooLong) return fail(tooMuch(job));
      // The marks are the end, not the channel's close: a background process may hold that back for ever.
      if (!stdout.ended || !stderr.ended) return;
      settle(() => resolve({ exitCode: stdout.exitCode ?? -1, stdout: stdout.text, stderr: stderr.text }));
    };

    const unproved = (): void => settle(() => reject(notProved(connection, job, exit, stdout, stderr)));
    const talk = (channel: ClientChannel): void => {
      opened = true;
      stop.signal.addEventListener("abort", () => channel.close());
      if (stop.signal.aborted) return channel.close();
      channel.on("data", (chunk: Buffer) => take(stdout, chunk));
      channel.stderr.on("data", (chunk: Buffer) => take(stderr, chunk));
      channel.on("exit", (code: number | null, signal?: string) => (exit = signal ?? `code ${code}`));
      channel.on("close", unproved);
      // A host may forget to close a channel that it has nothing more to say on.
      channel.on("end", () => {
        // Nothing waits for what comes after the answer: a timer would only hold the process.
        if (!stop.signal.aborted) closing ??= setTimeout(unproved, secondsToClose * 1000);
      });
      Promise.resolve(job.feed(channel, stop.signal)).catch((error: unknown) => fail(asHostError(error)));
    };
    connection.exec(job.command, talk, fail);
  });
}

/** The channel is closed, and nothing says that the command came to its end. */
function notProved(
  connection: SshConnection,
  job: Exchange,
  exit: string | undefined,
  stdout: MarkedOutput,
  stderr: MarkedOutput,
): HostError {
  const log = logOf(stdout, stderr);
  const came = `${Buffer.byteLength(stdout.text)} bytes of output had come`;
  if (connection.isOpen && exit !== undefined && !stdout.begun)
    return noShell(connection, exit, stdout, stderr);
  if (connection.isOpen) {
    return new HostError("connection-lost", {
      what: `the shell on ${connection.name} ended (${exit ?? "without an exit code"}) before ${job.what} did; ${came}`,
      ...(log ? { log } : {}),
    });
  }
  return connection.lost(`${job.what} was running (${came})`, log);
}

/** Something else than our script ran and ended: a forced command, a login shell that refuses, or sudo. */
function noShell(
  connection: SshConnection,
  exit: string,
  stdout: MarkedOutput,
  stderr: MarkedOutput,
): HostError {
  const words = lastLines(noiseOf(stdout, stderr), 5);
  const seen = `${words || "no output"} (exit ${exit})`;
  if (connection.throughSudo) return sudoRefused(connection, seen, 0);
  const { access, name } = connection;
  return new HostError("login-refused", {
    what: `user ${access.user} is logged in to ${name}, but gets no shell`,
    seen,
    next: `see the user's login shell, what it runs at its start, and a command= in its authorized_keys, or take another ${labelOf(access)}.user`,
  });
}

/** Tells a command that takes long from a host that never came to run it. */
function tooLate(job: Exchange, opened: boolean, stdout: MarkedOutput, stderr: MarkedOutput): HostError {
  const log = logOf(stdout, stderr);
  const noise = lastLines(noiseOf(stdout, stderr), 5);
  const why = !opened
    ? ": the host opened no channel for it"
    : !stdout.begun
      ? ": the host did not begin to run it"
      : "";
  return new HostError("deadline-exceeded", {
    what: `${job.what} did not end within ${job.deadlineSeconds} s${why}`,
    ...(noise && !stdout.begun ? { seen: noise } : {}),
    ...(log ? { log } : {}),
  });
}

function tooMuch(job: Exchange): HostError {
  return new HostError("command-failed", {
    what: `${job.what} printed more than ${maxOutput / 1024 / 1024} MiB; it was ended`,
  });
}

function logOf(stdout: MarkedOutput, stderr: MarkedOutput): string {
  return lastLines(`${stdout.text}\n${stderr.text}`.trim(), 60);
}

function noiseOf(stdout: MarkedOutput, stderr: MarkedOutput): string {
  return `${stdout.noise}\n${stderr.noise}`.trim();
}
