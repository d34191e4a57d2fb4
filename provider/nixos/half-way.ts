import { HostError } from "../core/errors";
import type { NixosSpec } from "./spec";

/**
 * The third of the three honest ends: neither the old system nor the new one. Between disko's begin and a proved
 * install a machine that does not answer may have nothing left that it could boot.
 */
export function noSystem({ inputs }: NixosSpec, error: HostError): HostError {
  const { host, port = 22 } = inputs.connection;
  const end = new HostError("no-system", {
    what: "the machine does not answer, and may have no system: console needed (disko had begun, and no install was proved)",
    expected: "the installer to answer until the install is proved",
    seen: [error.details.what, error.details.seen].filter(Boolean).join(": "),
    next:
      "if only the network is away, run pulumi up again when it is back: what was begun goes on without a connection. " +
      `Else boot any NixOS installer on the machine (console, ISO, the provider's rescue), reachable at ${host}:${port} ` +
      "or at install.connection, as root, with the host key that is declared there; then run pulumi up again: it goes on there, without kexec",
    ...(error.details.log === undefined ? {} : { log: error.details.log }),
  });
  end.phase = error.phase;
  return end;
}
