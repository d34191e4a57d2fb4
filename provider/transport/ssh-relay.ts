import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientChannel } from "ssh2";
import { HostError } from "../core/errors";
import type { Relay } from "../core/shell";
import { notedCommand } from "./relay-script";
import { SshConnection } from "./ssh-connection";

const maxRemoteErrors = 16_000;

/** A private unix socket here; each connection to it gets a run of `command` on the host. */
export async function openRelay(connection: SshConnection, command: string): Promise<Relay> {
  const folder = await privateFolder();
  const socketPath = join(folder, "nix.sock");
  const relay = new RunningRelay(connection, SshConnection.shCommand(notedCommand(command), []));
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
    this.connection.exec(
      this.command,
      (channel) => this.join(socket, channel),
      (error) => {
        this.note(error.details.what);
        socket.destroy();
      },
    );
  }

  private join(socket: Socket, channel: ClientChannel): void {
    channel.stderr.on("data", (chunk: Buffer) => this.keep(chunk.toString("utf8")));
    // Not only end(): a client that is blocked in a write is freed by nothing else.
    channel.on("close", () => socket.destroySoon());
    socket.on("close", () => channel.close());
    if (socket.destroyed) return channel.close();
    channel.pipe(socket);
    socket.pipe(channel);
  }

  private note(line: string): void {
    this.keep(`${line}\n`);
  }

  private keep(text: string): void {
    this.remoteErrors = (this.remoteErrors + text).slice(-maxRemoteErrors);
  }
}

/** A unix socket's path may have about 100 characters, which the user's temporary folder can exceed. */
async function privateFolder(): Promise<string> {
  const base = tmpdir().length <= 70 ? tmpdir() : "/tmp";
  return mkdtemp(join(base, "immutable-os-"));
}
