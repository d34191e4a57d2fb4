import { createConnection, type Socket } from "node:net";
import { HostError } from "../core/errors";

const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "its network is unreachable",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "its name is not resolved",
  EAI_AGAIN: "its name is not resolved (the name server did not answer)",
};

export function reasonOf(error: Error & { code?: unknown }): string {
  return reasons[String(error.code)] ?? error.message;
}

export function unreachable(host: string, port: number, reason: string): HostError {
  return new HostError("unreachable", { what: `${host}:${port} cannot be reached by ssh: ${reason}` });
}

/**
 * Opens the TCP connection and waits for the first bytes of the ssh banner, without taking them.
 * An open port proves nothing: a forwarder (NAT, QEMU) accepts although the machine behind it is dead.
 */
export function dial(host: string, port: number, seconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true });
    let connected = false;

    const settle = (failure?: string): void => {
      clearTimeout(timer);
      socket.off("readable", onReadable).off("close", onClose);
      if (failure === undefined) {
        // The stream leaves its paused reading mode one tick after the listener is gone; only then hand it on.
        setImmediate(resolve, socket);
        return;
      }
      socket.destroy();
      reject(unreachable(host, port, failure));
    };
    const onReadable = (): void =>
      settle(socket.readableLength === 0 ? "it closed the connection without an ssh banner" : undefined);
    const onClose = (): void => settle("it closed the connection without an ssh banner");
    const timer = setTimeout(
      () =>
        settle(
          connected
            ? `it accepted the connection but sent no ssh banner within ${seconds} s`
            : `no answer within ${seconds} s`,
        ),
      seconds * 1000,
    );

    // Stays for the socket's whole life: an error without a listener would end the process.
    socket.on("error", (error) => settle(reasonOf(error)));
    socket.once("connect", () => (connected = true));
    socket.on("readable", onReadable);
    socket.once("close", onClose);
  });
}
