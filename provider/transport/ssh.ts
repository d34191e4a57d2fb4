import type { Access, Connect, HostKey, Relay, RunOptions, Shell, UploadOptions } from "../core/shell";
import { endStaleRelays } from "./relay-script";
import { loadCredentials } from "./ssh-auth";
import { defaultSilenceSeconds, SshConnection } from "./ssh-connection";
import { dial } from "./ssh-dial";
import { AcceptedHostKeys } from "./ssh-host-key";
import { login } from "./ssh-login";
import { openRelay } from "./ssh-relay";
import { runScript } from "./ssh-run";
import { uploadFile } from "./ssh-upload";

const secondsAfterBanner = 20;

export const connectSsh: Connect = (access) => connectWatched(access, defaultSilenceSeconds);

/** As connectSsh, with the time of silence after which the host counts as gone. */
export async function connectWatched(access: Access, silenceSeconds: number): Promise<Shell> {
  const { host, port, connectTimeoutSeconds } = access;
  const accepted = new AcceptedHostKeys(access.hostKeys);
  const credentials = await loadCredentials(access.user, access.auth);
  const seen: HostKey[] = [];
  let keyTypes: readonly string[] | undefined = accepted.firstOffer();
  // A host may own several keys. Mostly one round; more only where it did not show the key it is known by.
  while (keyTypes !== undefined) {
    const socket = await dial(host, port, connectTimeoutSeconds);
    const accepts = (key: HostKey): boolean => accepted.accepts(key);
    const outcome = await login(access, {
      socket,
      credentials,
      keyTypes,
      accepts,
      seconds: secondsAfterBanner,
    });
    if (outcome.kind === "logged-in") {
      return new SshShell(new SshConnection(outcome.client, socket, access, silenceSeconds), outcome.hostKey);
    }
    if (outcome.kind === "other-host-key") seen.push(outcome.hostKey);
    keyTypes = accepted.nextOffer(keyTypes, seen);
  }
  throw accepted.mismatch(host, port, seen);
}

class SshShell implements Shell {
  readonly closed: Promise<void>;
  private readonly openRelays = new Set<Relay>();

  constructor(
    private readonly connection: SshConnection,
    readonly hostKey: HostKey,
  ) {
    this.closed = connection.closed;
  }

  run(script: string, options: RunOptions): ReturnType<Shell["run"]> {
    return runScript(this.connection, script, options);
  }

  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void> {
    return uploadFile(this.connection, localPath, remotePath, options);
  }

  async relay(command: string): Promise<Relay> {
    // Relays of this very connection are alive: only those of an earlier one are stale.
    if (this.openRelays.size === 0) await this.run(endStaleRelays(), { deadlineSeconds: 30 });
    const relay = await openRelay(this.connection, command);
    this.openRelays.add(relay);
    return {
      ...relay,
      close: async () => {
        this.openRelays.delete(relay);
        await relay.close();
      },
    };
  }

  close(): void {
    this.connection.close();
  }
}
