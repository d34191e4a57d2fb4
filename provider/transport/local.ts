import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { HostError, lastLines } from "../core/errors";
import type { LocalResult, RunLocal } from "../core/shell";
import { LineSplitter } from "./line-splitter";
import { endGroup, groupEnded, groupRuns } from "./process-group";

const maxOutput = 16 * 1024 * 1024;

export const runLocal: RunLocal = async (program, args, options) => {
  // An ES module: only a dynamic import loads it under every loader that a Pulumi program may run with.
  const { execa } = await import("execa");
  return new Promise((resolve, reject) => {
    const stdout = new Output(options.onLine);
    const stderr = new Output(options.onLine);
    const child = execa(program, args, {
      stdin: "ignore",
      buffer: false,
      reject: false,
      // A group of its own: the deadline ends what the program has started, too.
      detached: true,
      ...(options.env ? { env: options.env } : {}),
    });
    const { pid } = child;
    groupRuns(pid);

    let settled = false;
    const settle = (answer: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      stdout.finish();
      stderr.finish();
      answer();
    };
    const abort = (error: HostError): void => {
      if (settled) return;
      endGroup(pid);
      // A daemon that it left behind may keep these pipes open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      settle(() => reject(error));
    };
    const timer = setTimeout(
      () => abort(tooLate(program, options.deadlineSeconds, stdout.text + stderr.text)),
      options.deadlineSeconds * 1000,
    );
    for (const [stream, output] of [
      [child.stdout, stdout],
      [child.stderr, stderr],
    ] as const) {
      stream.on("data", (chunk: Buffer) => {
        output.push(chunk);
        if (output.tooLong) abort(tooMuch(program));
      });
    }
    void child.then((result) => {
      groupEnded(pid);
      if (result.code === "ENOENT") stderr.text += `${program}: not found on PATH\n`;
      else if (result.code === "EACCES") stderr.text += `${program}: not executable\n`;
      settle(() => resolve({ exitCode: exitCodeOf(result), stdout: stdout.text, stderr: stderr.text }));
    });
  });
};

class Output {
  text = "";
  private readonly decoder = new StringDecoder("utf8");
  private readonly lines: LineSplitter;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.lines = new LineSplitter(onLine);
  }

  get tooLong(): boolean {
    return this.text.length > maxOutput;
  }

  push(chunk: Buffer): void {
    if (!this.tooLong) this.keep(this.decoder.write(chunk));
  }

  finish(): void {
    this.keep(this.decoder.end());
    this.lines.flush();
  }

  private keep(text: string): void {
    this.text += text;
    this.lines.push(text);
  }
}

/** As a shell counts: 127 not found, 126 not executable, 128 + n for a signal. */
function exitCodeOf(result: { exitCode?: number; signal?: string; code?: string }): LocalResult["exitCode"] {
  if (result.exitCode !== undefined) return result.exitCode;
  if (result.signal !== undefined) return 128 + (constants.signals[result.signal as NodeJS.Signals] ?? 0);
  return result.code === "EACCES" ? 126 : 127;
}

function tooLate(program: string, seconds: number, log: string): HostError {
  return new HostError("deadline-exceeded", {
    what: `${program} did not end within ${seconds} s`,
    ...(log.trim() ? { log: lastLines(log, 60) } : {}),
  });
}

function tooMuch(program: string): HostError {
  return new HostError("command-failed", {
    what: `${program} printed more than ${maxOutput / 1024 / 1024} MiB`,
  });
}
