import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { HostError } from "../core/errors";
import type { Access } from "../core/shell";
import { addressOf, hostOf, placeOf } from "./ssh-address";
import type { SshConnection } from "./ssh-connection";
import { greeted, unreachable, type HostStream } from "./ssh-dial";

/** RFC 4254: the answers to a request for a channel. */
const administrativelyProhibited = 1;

/** Reaches a host through the connection to its jump host, which is closed together with the stream. */
export async function dialThrough(jump: SshConnection, access: Access): Promise<HostStream> {
  const start = performance.now();
  try {
    const stream = new ForwardedStream(jump, await forwardedChannel(jump, access));
    const left = access.connectTimeoutSeconds - (performance.now() - start) / 1000;
    return await greeted(access, stream, Math.max(1, Math.ceil(left)));
  } catch (error) {
    jump.close();
    throw error;
  }
}

function forwardedChannel(jump: SshConnection, access: Access): Promise<ClientChannel> {
  const seconds = access.connectTimeoutSeconds;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(unreachable(access, `the jump host did not connect to it within ${seconds} s`)),
      seconds * 1000,
    );
    jump.forward(hostOf(access), access.port, (error, channel) => {
      clearTimeout(timer);
      if (channel) resolve(channel);
      else
        reject(jump.isOpen ? notForwarded(jump, access, error) : jump.lost(`reaching ${addressOf(access)}`));
    });
  });
}

function notForwarded(jump: SshConnection, access: Access, error: Error & { reason?: unknown }): HostError {
  const words = error.message.replace(/^\(SSH\) Channel open failure: /, "");
  if (error.reason !== administrativelyProhibited)
    return unreachable(access, `the jump host could not connect to it: ${words}`);
  return new HostError("login-refused", {
    what: `${placeOf(jump.access)} does not forward to ${addressOf(access)}: ${words}`,
    next: `allow it on the jump host: AllowTcpForwarding and PermitOpen in its sshd_config, and no "restrict" or "no-port-forwarding" at the key in its authorized_keys`,
  });
}

/**
 * The forwarded channel as the stream that sockets are: it counts, can be destroyed, and tells when it is closed.
 * Everything is passed on one tick later: ssh2 parses with state that all connections share, and must not be entered twice.
 */
class ForwardedStream extends Duplex {
  bytesRead = 0;

  constructor(
    private readonly jump: SshConnection,
    private readonly channel: ClientChannel,
  ) {
    super({ allowHalfOpen: false });
    channel.on("data", (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      process.nextTick(() => {
        if (!this.push(chunk)) channel.pause();
      });
    });
    channel.stderr.resume();
    // The end of the jump host's connection ends its channels, too: that is no end of the target's.
    channel.on("end", () =>
      process.nextTick(() => (jump.isOpen ? this.push(null) : this.destroy(this.jumpTrouble()))),
    );
    channel.on("close", () => setImmediate(() => this.destroy(this.jumpTrouble())));
    void jump.closed.then(() => this.destroy(this.jumpTrouble()));
  }

  override _read(): void {
    this.channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    process.nextTick(() => {
      if (this.channel.write(chunk)) done();
      else this.channel.once("drain", done);
    });
  }

  override _final(done: () => void): void {
    this.channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.channel.close();
    this.jump.close();
    done(error);
  }

  private jumpTrouble(): Error | undefined {
    return this.jump.isOpen ? undefined : new Error(this.jump.lost("it was in use").details.what);
  }
}
