import { randomBytes } from "node:crypto";
import type { CommandResult, RunOptions } from "../core/shell";
import { wrapScript } from "./marked-output";
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
