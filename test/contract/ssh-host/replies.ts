// Part of a stand-in for sshd: what the host does when a command is to be run.
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { ServerChannel } from "ssh2";

export interface ExecRequest {
  /** Counts from 1, over all connections. */
  number: number;
  command: string;
  /** All that came on stdin. */
  stdin: string;
  /** What `shell.run` was given, when stdin is a script in the transport's wrapping. */
  script: string;
}

export interface Reply {
  stdout?: string | Buffer;
  stderr?: string | Buffer;
  exitCode?: number;
  /** Comes before the script's own output, like a MOTD or a chatty .bashrc. */
  noise?: string;
  /** Kept from the client: the marks that prove the end. The exit status is sent all the same. */
  noTrailer?: boolean;
  /** Instead of a trailer and a close: nothing, ever. */
  hang?: boolean;
  /** Cuts the TCP connection after so many bytes of stdout. */
  cutAfterBytes?: number;
  /** Goes on printing until the client closes the channel. */
  endless?: boolean;
  /** Neither a mark nor the script's output: this text, as a forced command or a sudo without rights does. */
  insteadOfShell?: { stderr: string; exitCode: number };
}

export interface LocalSh {
  env?: Record<string, string>;
  /** Put in front of PATH: folders with fake tools. */
  path?: readonly string[];
  cwd?: string;
  /** Changes a command and a script before it runs, to lead fixed paths of a host into a folder of the test. */
  rewrite?: (text: string) => string;
  /** Changes each line of what comes back: the way back of `rewrite`. */
  restore?: (line: string) => string;
}

/** Really runs the command, as sshd would with a login shell. Returns what ends it, for when the host stops. */
export function runInLocalSh(channel: ServerChannel, command: string, options: LocalSh): () => void {
  const path = [...(options.path ?? []), process.env.PATH].join(":");
  const rewrite = options.rewrite ?? ((unchanged: string) => unchanged);
  const child = spawn("sh", ["-c", rewrite(command)], {
    cwd: options.cwd,
    env: { HOME: "/nonexistent", ...options.env, PATH: path },
    detached: true,
  });
  const pipes = [child.stdin, child.stdout, child.stderr];
  for (const pipe of pipes) pipe.on("error", () => undefined);
  if (options.rewrite && /\bsh -s$/.test(command)) {
    void collect(channel).then((script) => child.stdin.end(rewrite(script)));
  } else {
    channel.pipe(child.stdin);
  }
  pass(child.stdout, channel, options.restore);
  pass(child.stderr, channel.stderr, options.restore);
  // As sshd: when the client goes, the command loses its pipes and is not killed.
  channel.on("close", () => pipes.forEach((pipe) => pipe.destroy()));
  child.on("error", () => channel.close());
  child.on("close", (code, signal) => {
    if (signal !== null) channel.exit(signal.replace(/^SIG/, ""), false, "");
    else channel.exit(code ?? 255);
    channel.end();
  });
  return () => {
    // Not after its end: the pid may be somebody else's by then.
    const runs = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (runs) process.kill(-child.pid, "SIGKILL");
  };
}

function pass(from: Readable, to: Writable, restore: LocalSh["restore"]): void {
  if (restore === undefined) return void from.pipe(to, { end: false });
  let held = "";
  from.setEncoding("utf8");
  from.on("data", (chunk: string) => {
    const lines = (held + chunk).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) to.write(`${restore(line)}\n`);
  });
  from.on("end", () => void (held !== "" && to.write(restore(held))));
}

/** All that comes on stdin, once the client has closed it. */
export function collect(channel: ServerChannel): Promise<string> {
  const received: Buffer[] = [];
  return new Promise((resolve) => {
    channel.on("data", (chunk: Buffer) => received.push(chunk));
    channel.on("end", () => resolve(Buffer.concat(received).toString("utf8")));
  });
}

export function toRequest(number: number, command: string, stdin: string): ExecRequest {
  const script = /\n\(\nshift\n([\s\S]*)\n\) <\/dev\/null\n/.exec(stdin)?.[1] ?? "";
  return { number, command, stdin, script };
}

/** Plays a reply the way that the transport's marks ask for. */
export async function play(
  channel: ServerChannel,
  request: ExecRequest,
  reply: Reply,
  cut: () => void,
): Promise<void> {
  if (reply.insteadOfShell) {
    channel.stderr.write(reply.insteadOfShell.stderr);
    return finish(channel, reply.insteadOfShell.exitCode);
  }
  const nonce = /[0-9a-f]{32}/.exec(request.command + request.stdin)?.[0] ?? "";
  if (reply.noise) channel.write(reply.noise);
  for (const stream of [channel, channel.stderr]) stream.write(`\x1e${nonce} begin\n`);
  const stdout = Buffer.from(reply.stdout ?? "");
  channel.write(stdout.subarray(0, reply.cutAfterBytes));
  channel.stderr.write(reply.stderr ?? "");
  if (reply.cutAfterBytes !== undefined) return void setTimeout(cut, 50);
  if (reply.endless) return printForEver(channel);
  if (reply.hang) return;
  const exitCode = reply.exitCode ?? 0;
  if (!reply.noTrailer)
    for (const stream of [channel, channel.stderr]) stream.write(`\x1e${nonce} ${exitCode}\n`);
  finish(channel, exitCode);
}

async function printForEver(channel: ServerChannel): Promise<void> {
  let open = true;
  channel.on("close", () => (open = false));
  while (open) {
    channel.write(`${"y".repeat(65_535)}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function finish(channel: ServerChannel, exitCode: number): void {
  channel.exit(exitCode);
  channel.end();
}
