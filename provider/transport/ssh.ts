import type { Access, Connect, HostKey, Relay, RunOptions, Shell, UploadOptions } from "../core/shell";
import { endStaleRelays } from "./relay-script";
import { defaultSilenceSeconds, type SshConnection } from "./ssh-connection";
import { openConnection } from "./ssh-open";
import { openRelay } from "./ssh-relay";
import { runScript } from "./ssh-run";
import { uploadFile } from "./ssh-upload";

export const connectSsh: Connect = (access) => connectWatched(access, defaultSilenceSeconds);

/** As connectSsh, with the time of silence after which the host counts as gone. */
export async function connectWatched(access: Access, silenceSeconds: number): Promise<Shell> {
  const { connection, hostKey } = await openConnection(access, silenceSeconds);
  return new SshShell(connection, hostKey);
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
