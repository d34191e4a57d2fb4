import { HostError } from "../core/errors";
import type { Access, HostKey } from "../core/shell";
import { labelOf } from "./ssh-address";
import { loadCredentials } from "./ssh-auth";
import { SshConnection } from "./ssh-connection";
import { dial, type HostStream } from "./ssh-dial";
import { AcceptedHostKeys, howToGiveKeys } from "./ssh-host-key";
import { dialThrough } from "./ssh-jump";
import { login } from "./ssh-login";

const secondsAfterBanner = 20;

interface OpenConnection {
  connection: SshConnection;
  hostKey: HostKey;
}

/** Reaches a host, checks its key and logs in. */
export async function openConnection(access: Access, silenceSeconds: number): Promise<OpenConnection> {
  const accepted = new AcceptedHostKeys(access.hostKeys, labelOf(access));
  const credentials = await loadCredentials(access);
  const seen: HostKey[] = [];
  let keyTypes: readonly string[] | undefined = accepted.firstOffer();
  // A host may own several keys. Mostly one round; more only where it did not show the key it is known by.
  while (keyTypes !== undefined) {
    const stream = await reach(access, silenceSeconds);
    const accepts = (key: HostKey): boolean => accepted.accepts(key);
    const outcome = await login(access, {
      stream,
      credentials,
      keyTypes,
      accepts,
      seconds: secondsAfterBanner,
    });
    if (outcome.kind === "logged-in") {
      const connection = new SshConnection(outcome.client, stream, access, silenceSeconds);
      return { connection, hostKey: outcome.hostKey };
    }
    if (outcome.kind === "other-host-key") seen.push(outcome.hostKey);
    keyTypes = accepted.nextOffer(keyTypes, seen);
  }
  throw accepted.mismatch(access, seen);
}

async function reach(access: Access, silenceSeconds: number): Promise<HostStream> {
  if (access.jump === undefined) return dial(access);
  if (access.jump.hostKeys === undefined) throw noJumpHostKey(access.jump);
  // The time that somebody is ready to wait for the machine is also the time for what lies on the way.
  const jump = { ...access.jump, connectTimeoutSeconds: access.connectTimeoutSeconds };
  const { connection } = await openConnection(jump, silenceSeconds);
  return dialThrough(connection, access);
}

/** Nothing would pin a key that is taken on first sight: the state holds the machine's own keys only. */
function noJumpHostKey(jump: Access): HostError {
  return new HostError("bad-input", {
    what: `${labelOf(jump)}.hostKey: a jump host must be known by its key, "accept-new" is for the machine itself`,
    next: howToGiveKeys,
  });
}
