import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands in front of a host's ssh port and counts who came through it. */
export interface CountingProxy {
  port: number;
  /** Connections on which the host said something: each is one handshake at least. */
  answered(): number;
  /** performance.now() of the first connection since the last reset. */
  firstConnection(): number;
  reset(): void;
  close(): Promise<void>;
}

export async function countingProxy(target: number): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let answered = 0;
  let first: number | undefined;

  const server = createServer({ noDelay: true }, (client) => {
    first ??= performance.now();
    const host = createConnection({ port: target, host: "127.0.0.1", noDelay: true });
    host.once("data", () => answered++);
    for (const [socket, other] of [
      [client, host],
      [host, client],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      // ssh never closes one direction only; and a host that is gone would not close the other one.
      socket.on("end", () => other.destroySoon());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    answered: () => answered,
    firstConnection: () => {
      if (first === undefined) throw new Error("nobody connected through the proxy");
      return first;
    },
    reset: () => {
      answered = 0;
      first = undefined;
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
