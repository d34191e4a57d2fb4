import { randomBytes } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { ClientChannel } from "ssh2";
import { HostError } from "../core/errors";
import type { Relay } from "../core/shell";
import { privateFolder, removeStaleFolders, socketName } from "./relay-folder";
import { relayedCommand } from "./relay-script";
import { SshConnection } from "./ssh-connection";

const maxRemoteErrors = 16_000;
/** What a login shell may say before the command begins. */
const mostNoise = 1024 * 1024;

/** A private unix socket here; each connection to it gets a run of `command` on the host. */
export async function openRelay(connection: SshConnection, command: string): Promise<Relay> {
  await removeStaleFolders();
  const folder = await privateFolder();
  const socketPath = join(folder, socketName);
  const relay = new RunningRelay(connection, command);
  try {
    await relay.listen(socketPath);
    await chmod(socketPath, 0o600);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new HostError("copy-failed", {
      what: `no socket can be opened in ${folder}: ${(error as Error).message}`,
    });
  }
  const close = async (): Promise<void> => {
    await relay.close();
    await rm(folder, { recursive: true, force: true });
  };
  void connection.closed.then(close).catch(() => undefined);
  return {
    socketPath,
    remoteErrors: () => relay.remoteErrors.trim(),
    sentBytes: () => relay.sentBytes(),
    close,
  };
}

class RunningRelay {
  remoteErrors = "";
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private sentByClosed = 0;

  constructor(
    private readonly connection: SshConnection,
    private readonly command: string,
  ) {
    // Half open: a client that has sent everything still waits for the answer.
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.accept(socket);
    });
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(path, () => {
        this.server.on("error", (error) => this.note(error.message));
        resolve();
      });
    });
  }

  sentBytes(): number {
    return [...this.sockets].reduce((sum, socket) => sum + socket.bytesRead, this.sentByClosed);
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", (error) => this.note(`local socket: ${error.message}`));
    socket.on("close", () => {
      this.sockets.delete(socket);
      this.sentByClosed += socket.bytesRead;
    });
    const nonce = randomBytes(16).toString("hex");
    this.connection.exec(
      SshConnection.shCommand(relayedCommand(this.command), [nonce]),
      (channel) => this.join(socket, channel, Buffer.from(`\x1e${nonce} begin\n`)),
      (error) => {
        this.note(error.details.what);
        socket.destroy();
      },
    );
  }

  /** Nothing that was printed before the mark may reach the client: it would take it for the command's words. */
  private join(socket: Socket, channel: ClientChannel, mark: Buffer): void {
    channel.stderr.on("data", (chunk: Buffer) => this.keep(chunk.toString("utf8")));
    // Not only end(): a client that is blocked in a write is freed by nothing else.
    channel.on("close", () => socket.destroySoon());
    socket.on("close", () => channel.close());
    if (socket.destroyed) return channel.close();
    socket.pipe(channel);
    let tail = Buffer.alloc(0);
    let received = 0;
    const fail = (): void => {
      channel.off("data", untilMark).off("end", fail);
      const words = tail.toString().trim() || "no output";
      this.note(`the host did not begin the command: ${words.slice(-500)}`);
      channel.close();
      socket.destroySoon();
    };
    const untilMark = (chunk: Buffer): void => {
      received += chunk.length;
      tail = Buffer.concat([tail.subarray(-1_000), chunk]);
      const at = tail.indexOf(mark);
      if (at < 0) return received > mostNoise ? fail() : undefined;
      channel.off("data", untilMark).off("end", fail);
      socket.write(tail.subarray(at + mark.length));
      channel.pipe(socket);
    };
    channel.on("data", untilMark).on("end", fail);
  }

  private note(line: string): void {
    this.keep(`${line}\n`);
  }

  private keep(text: string): void {
    this.remoteErrors = (this.remoteErrors + text).slice(-maxRemoteErrors);
  }
}
