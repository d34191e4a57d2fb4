import { Client, type ServerHostKeyAlgorithm } from "ssh2";
import { HostError } from "../core/errors";
import type { Access, HostKey } from "../core/shell";
import { labelOf, placeOf } from "./ssh-address";
import type { Credentials } from "./ssh-auth";
import { reasonOf, unreachable, type HostStream } from "./ssh-dial";
import { describeKey, signatureAlgorithms } from "./ssh-host-key";

export interface LoginAttempt {
  stream: HostStream;
  credentials: Credentials;
  keyTypes: readonly string[];
  accepts: (key: HostKey) => boolean;
  seconds: number;
}

export type LoginOutcome =
  | { kind: "logged-in"; client: Client; hostKey: HostKey }
  | { kind: "other-host-key"; hostKey: HostKey }
  | { kind: "no-such-host-key" };

/** One handshake and login on a stream that has its banner. Everything but a matter of host keys is thrown. */
export function login(access: Access, attempt: LoginAttempt): Promise<LoginOutcome> {
  const { user } = access;
  return new Promise((resolve, reject) => {
    const client = new Client();
    let hostKey: HostKey | undefined;
    let refusedKey: HostKey | undefined;
    let agentTrouble = "";
    let handshakeDone = false;
    let settled = false;

    const timer = setTimeout(() => {
      const step = handshakeDone ? "login" : "handshake";
      fail(unreachable(access, `the ssh ${step} did not end within ${attempt.seconds} s`));
    }, attempt.seconds * 1000);
    const end = (answer: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      attempt.stream.destroy();
      answer();
    };
    const fail = (error: HostError): void => end(() => reject(error));

    client.on("handshake", () => (handshakeDone = true));
    client.on("ready", () => {
      settled = true;
      clearTimeout(timer);
      if (hostKey) resolve({ kind: "logged-in", client, hostKey });
    });
    client.on("close", () =>
      fail(
        unreachable(
          access,
          `it closed the connection during the ssh ${handshakeDone ? "login" : "handshake"}`,
        ),
      ),
    );
    // Stays for the client's whole life: an error without a listener would end the process.
    client.on("error", (error: Error & { level?: string; code?: unknown }) => {
      const refused = refusedKey;
      if (error.level === "agent") agentTrouble = `; agent: ${error.message}`;
      else if (refused) end(() => resolve({ kind: "other-host-key", hostKey: refused }));
      else if (error.message.includes("no matching host key"))
        end(() => resolve({ kind: "no-such-host-key" }));
      else if (error.level === "client-authentication" || (handshakeDone && typeof error.code === "number")) {
        fail(loginRefused(access, attempt.credentials, error.message + agentTrouble));
      } else fail(unreachable(access, reasonOf(error)));
    });

    if (attempt.stream.destroyed)
      return fail(unreachable(access, "it closed the connection after its greeting"));
    try {
      client.connect({
        sock: attempt.stream,
        username: user,
        authHandler: attempt.credentials.methods,
        hostVerifier: (blob: Buffer) => {
          const key = describeKey(blob);
          // Called again whenever the session changes its keys: then the same host key must come.
          const accepted = hostKey ? key.fingerprint === hostKey.fingerprint : attempt.accepts(key);
          if (accepted) hostKey = key;
          else refusedKey = key;
          return accepted;
        },
        algorithms: {
          serverHostKey: signatureAlgorithms(attempt.keyTypes) as ServerHostKeyAlgorithm[],
          // A machine without AES instructions (a small VM) is half as fast with AES.
          cipher: [
            "chacha20-poly1305@openssh.com",
            "aes128-gcm@openssh.com",
            "aes256-gcm@openssh.com",
            "aes128-ctr",
            "aes192-ctr",
            "aes256-ctr",
          ],
        },
        readyTimeout: 0,
        // Only to make the host answer; whether it does is watched in ssh-connection.ts.
        keepaliveInterval: 5_000,
        keepaliveCountMax: Number.MAX_SAFE_INTEGER,
      });
    } catch (error) {
      fail(unreachable(access, (error as Error).message));
    }
  });
}

function loginRefused(access: Access, credentials: Credentials, reason: string): HostError {
  return new HostError("login-refused", {
    what: `${placeOf(access)} refused the login of user ${access.user}`,
    expected: `a login with ${credentials.description}`,
    seen: reason,
    next: `put the public key into ~${access.user}/.ssh/authorized_keys on the host, or change ${labelOf(access)}.user or the key`,
  });
}
