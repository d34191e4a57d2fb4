import type { Client, ClientChannel } from "ssh2";
import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { Access } from "../core/shell";
import { loginOf } from "./ssh-address";
import { reasonOf, type HostStream } from "./ssh-dial";
import { passSudo, sudoCommand } from "./ssh-sudo";

/** What a host may send beyond what ssh allows it before the connection ends; ssh2 itself does not look. */
const mostUnread = 16 * 1024 * 1024;

/** A connection that brings no byte for so long is dead: the host answers a keepalive every 5 s. */
export const defaultSilenceSeconds = 18;

/** A login that lives: opens channels, watches that the host still answers, and knows why it ended. */
export class SshConnection {
  readonly closed: Promise<void>;
  private ended = false;
  private readonly channels = new Set<ClientChannel>();
  private reason = "the host closed it";

  constructor(
    private readonly client: Client,
    private readonly stream: HostStream,
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
    return !this.ended && !this.stream.destroyed;
  }

  /**
   * Opens a channel that runs `command`, as root where that needs sudo. Works with any login shell.
   * `opened` is called at once, not by a promise: the first packets of the channel may be right behind.
   */
  exec(command: string, opened: (channel: ClientChannel) => void, failed: (error: HostError) => void): void {
    const sudo = this.throughSudo ? sudoCommand(command, this.access) : undefined;
    const answer = (error: Error | undefined, channel?: ClientChannel): void => {
      if (error || !channel)
        return failed(this.isOpen ? this.channelRefused(error) : this.lost("opening a channel"));
      this.keepWatch(channel);
      if (sudo?.password === undefined) opened(channel);
      else passSudo(this, channel, sudo, opened, failed);
    };
    try {
      this.client.exec(sudo?.command ?? command, answer);
    } catch (error) {
      answer(error as Error);
    }
  }

  /** Opens a channel that goes on from the host to another address. */
  forward(host: string, port: number, answer: (error: Error, channel?: ClientChannel) => void): void {
    try {
      this.client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
        if (!error) this.keepWatch(channel);
        answer(error as Error, channel);
      });
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
    return loginOf(this.access);
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
    setTimeout(() => this.stream.destroy(), 2_000).unref();
  }

  private drop(reason: string): void {
    if (!this.isOpen) return;
    this.reason = reason;
    this.stream.destroy();
  }

  /**
   * ssh2's own keepalive counts only answers to its requests, which wait behind a slow upload's data; here every
   * byte from the host counts. Seconds are counted in ticks, so that a blocked or suspended process is forgiven.
   */
  private watchSilence(): NodeJS.Timeout {
    let seen = 0;
    let silent = 0;
    const watch = setInterval(() => {
      silent = this.stream.bytesRead === seen ? silent + 1 : 0;
      seen = this.stream.bytesRead;
      if ([...this.channels].some((channel) => unread(channel) > mostUnread))
        return this.drop("the host sent more than it was asked for");
      if (silent >= this.silenceSeconds) this.drop(`the host sent nothing for ${this.silenceSeconds} s`);
    }, 1_000);
    return watch.unref();
  }

  private keepWatch(channel: ClientChannel): void {
    this.channels.add(channel);
    channel.on("close", () => this.channels.delete(channel));
    // A channel or its stderr that fails must never end the process; its close tells everything.
    channel.on("error", () => undefined);
    channel.stderr.on("error", () => undefined);
  }

  private channelRefused(error: Error | undefined): HostError {
    return new HostError("command-failed", {
      what: `${this.name} refused to run a command: ${error?.message ?? "no channel was opened"}`,
      next: "see MaxSessions, ForceCommand and the user's login shell on the host",
    });
  }
}

function unread(channel: ClientChannel): number {
  return channel.readableLength + channel.stderr.readableLength;
}
