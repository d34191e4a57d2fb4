import type { Socket } from "node:net";
import type { Client, ClientChannel } from "ssh2";
import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { Access } from "../core/shell";
import { reasonOf } from "./ssh-dial";

/** A connection that brings no byte for so long is dead: the host answers a keepalive every 5 s. */
export const defaultSilenceSeconds = 18;

/** A login that lives: opens channels, watches that the host still answers, and knows why it ended. */
export class SshConnection {
  readonly closed: Promise<void>;
  private ended = false;
  private reason = "the host closed it";

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
    readonly access: Access,
    private readonly silenceSeconds: number,
  ) {
    const watch = this.watchSilence();
    client.on("error", (error) => (this.reason = reasonOf(error)));
    this.closed = new Promise((resolve) => {
      client.on("close", () => {
        this.ended = true;
        clearInterval(watch);
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return !this.ended && !this.socket.destroyed;
  }

  /**
   * Opens a channel that runs `command`, as root where that needs sudo. Works with any login shell.
   * `opened` is called at once, not by a promise: the first packets of the channel may be right behind.
   */
  exec(command: string, opened: (channel: ClientChannel) => void, failed: (error: HostError) => void): void {
    const answer = (error: Error | undefined, channel?: ClientChannel): void => {
      if (error || !channel)
        return failed(this.isOpen ? this.channelRefused(error) : this.lost("opening a channel"));
      // A channel or its stderr that fails must never end the process; its close tells everything.
      channel.on("error", () => undefined);
      channel.stderr.on("error", () => undefined);
      opened(channel);
    };
    try {
      this.client.exec(this.throughSudo ? `sudo -n -- ${command}` : command, answer);
    } catch (error) {
      answer(error as Error);
    }
  }

  /** The command line that runs a script given as text with arguments: one line, safe in every login shell. */
  static shCommand(script: string, args: readonly string[]): string {
    return ["sh -c", quote(script), "sh", ...args.map(quote)].join(" ");
  }

  get throughSudo(): boolean {
    return this.access.sudo && this.access.user !== "root";
  }

  get name(): string {
    return `${this.access.user}@${this.access.host}:${this.access.port}`;
  }

  lost(during: string, log?: string): HostError {
    return new HostError("connection-lost", {
      what: `the ssh connection to ${this.name} broke while ${during}: ${this.reason}`,
      ...(log ? { log } : {}),
    });
  }

  close(): void {
    this.reason = "it was closed here";
    this.client.end();
    // A host that is gone never answers the good-bye.
    setTimeout(() => this.socket.destroy(), 2_000).unref();
  }

  private drop(reason: string): void {
    if (!this.isOpen) return;
    this.reason = reason;
    this.socket.destroy();
  }

  /**
   * ssh2's own keepalive counts only answers to its requests, which wait behind a slow upload's data; here every
   * byte from the host counts. Seconds are counted in ticks, so that a blocked or suspended process is forgiven.
   */
  private watchSilence(): NodeJS.Timeout {
    let seen = 0;
    let silent = 0;
    const watch = setInterval(() => {
      silent = this.socket.bytesRead === seen ? silent + 1 : 0;
      seen = this.socket.bytesRead;
      if (silent >= this.silenceSeconds) this.drop(`the host sent nothing for ${this.silenceSeconds} s`);
    }, 1_000);
    return watch.unref();
  }

  private channelRefused(error: Error | undefined): HostError {
    return new HostError("command-failed", {
      what: `${this.name} refused to run a command: ${error?.message ?? "no channel was opened"}`,
      next: "see MaxSessions, ForceCommand and the user's login shell on the host",
    });
  }
}
