import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import { HostError } from "../core/errors";
import type { Access } from "../core/shell";
import { hostOf, placeOf } from "./ssh-address";

/** What ssh runs over: a TCP connection, or a channel of the connection to a jump host. */
export type HostStream = Duplex & { readonly bytesRead: number };

const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "its network is unreachable",
  EADDRNOTAVAIL: "this machine has no address to reach it from (is IPv6 switched on here?)",
  EAFNOSUPPORT: "this machine does not speak its kind of address (IPv6?)",
  EINVAL:
    "its address is not complete: a link-local one needs an interface of this machine, as in fe80::1%eth0",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "its name is not resolved",
  EAI_AGAIN: "its name is not resolved (the name server did not answer)",
};

export function reasonOf(error: Error & { code?: unknown }): string {
  return reasons[String(error.code)] ?? error.message;
}

export function unreachable(access: Access, reason: string): HostError {
  return new HostError("unreachable", { what: `${placeOf(access)} cannot be reached by ssh: ${reason}` });
}

/** A TCP connection to a host that has greeted. */
export async function dial(access: Access): Promise<HostStream> {
  // Some systems would look for it on any interface until the time is over.
  if (/^fe[89ab][0-9a-f]:[^%]*$/i.test(hostOf(access))) throw unreachable(access, reasons["EINVAL"] ?? "");
  const socket = createConnection({
    host: hostOf(access),
    port: access.port,
    noDelay: true,
    // Node gives up an address of a name with several after 250 ms: too soon for a host that is far away.
    autoSelectFamilyAttemptTimeout: Math.max(250, (access.connectTimeoutSeconds * 1000) / 4),
  });
  return greeted(access, socket, access.connectTimeoutSeconds);
}

/**
 * Waits for the first bytes of the ssh banner, without taking them.
 * An open port proves nothing: a forwarder (NAT, QEMU) accepts although the machine behind it is dead.
 */
export function greeted<Stream extends HostStream>(
  access: Access,
  stream: Stream,
  seconds: number,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    let connected = !("connecting" in stream && stream.connecting);

    const settle = (failure?: string): void => {
      clearTimeout(timer);
      stream.off("readable", onReadable).off("close", onClose);
      if (failure === undefined) {
        // The stream leaves its paused reading mode one tick after the listener is gone; only then hand it on.
        setImmediate(resolve, stream);
        return;
      }
      stream.destroy();
      reject(unreachable(access, failure));
    };
    const onReadable = (): void =>
      settle(stream.readableLength === 0 ? "it closed the connection without an ssh banner" : undefined);
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

    // Stays for the stream's whole life: an error without a listener would end the process.
    stream.on("error", (error) => settle(reasonOf(error)));
    stream.once("connect", () => (connected = true));
    stream.on("readable", onReadable);
    stream.once("close", onClose);
  });
}
