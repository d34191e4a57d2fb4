import { randomBytes } from "node:crypto";
import type { CommandResult, RunOptions } from "../core/shell";
import { printBegin, printEnd } from "./marked-output";
import type { SshConnection } from "./ssh-connection";
import { exchange } from "./ssh-exchange";

export function runScript(
  connection: SshConnection,
  script: string,
  options: RunOptions,
): Promise<CommandResult> {
  const nonce = randomBytes(16).toString("hex");
  return exchange(connection, {
    what: "the script",
    command: "sh -s",
    nonce,
    deadlineSeconds: options.deadlineSeconds,
    ...(options.onLine ? { onLine: options.onLine } : {}),
    feed: (channel) => void channel.end(wrapScript(script, nonce)),
  });
}

/**
 * The whole script is one compound command: sh has read all of it before it starts, so half a script never runs,
 * and its commands cannot eat the rest of it from stdin. The subshell keeps `exit` from skipping the last mark.
 */
function wrapScript(script: string, nonce: string): string {
  return `set -- ${nonce}\n${printBegin}\n(\nshift\n${script}\n) </dev/null\ncode=$?\n${printEnd}\n`;
}
