import { spawn } from "node:child_process";
import { constants } from "node:os";
import { root } from "./paths.mjs";

const children = new Set();
let interruptedBy;

/** A failure whose message says all there is to say: printed without a stack. */
export class SetupError extends Error {}

// In a terminal Ctrl-C reaches the whole foreground group by itself; a second SIGINT from here would tell
// Pulumi to stop at once instead of finishing the step at hand.
const terminalInterrupts = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interruptedBy = signal;
    if (children.size === 0) process.exit(exitCodeOf(signal));
    if (signal === "SIGINT" && terminalInterrupts) return;
    for (const child of children) child.kill(signal);
  });
}

function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}

/** Runs a command with the user's terminal and answers its exit code. */
export function passThrough(command, args, options = {}) {
  return start(command, args, { stdio: "inherit", ...options }).then(({ code }) => code);
}

/** Runs a command quietly; a failure carries what it printed. `onOutput` sees every piece of it. */
export async function run(command, args, { onOutput, ...options } = {}) {
  const { code, output } = await start(
    command,
    args,
    { stdio: ["ignore", "pipe", "pipe"], ...options },
    onOutput,
  );
  if (code !== 0)
    throw new SetupError(`\`${command} ${args.join(" ")}\` ended with ${code}:\n${output.trimEnd()}`);
  return output;
}

/** The same, where failing is an ordinary answer. */
export function attempt(command, args, options = {}) {
  return start(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options }).catch((error) => ({
    code: 127,
    output: error.message,
  }));
}

function start(command, args, options, onOutput) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options });
    children.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
        onOutput?.(text);
      });
    }
    child.once("error", (error) => {
      children.delete(child);
      reject(new SetupError(`\`${command}\` could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      children.delete(child);
      if (interruptedBy) process.exit(code || exitCodeOf(interruptedBy));
      resolve({ code: code ?? exitCodeOf(signal), output });
    });
  });
}
