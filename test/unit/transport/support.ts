import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostError } from "../../../provider/core/errors";
import type { Access, Shell } from "../../../provider/core/shell";
import { connectWatched } from "../../../provider/transport/ssh";
import { makeKey, startSshHost, type SshHost, type SshHostOptions } from "../../contract/ssh-host";

export const clientKey = makeKey();

const cleanUps: (() => void | Promise<void>)[] = [];

/** Ends hosts and shells and removes folders, the last one first. */
export async function cleanUp(): Promise<void> {
  for (const each of cleanUps.splice(0).reverse()) await each();
}

export function onCleanUp(work: () => void | Promise<void>): void {
  cleanUps.push(work);
}

export async function hostFor(options: SshHostOptions = {}): Promise<SshHost> {
  const host = await startSshHost({ authorizedKey: clientKey.publicKey, ...options });
  cleanUps.push(() => host.stop());
  return host;
}

export function accessTo(host: { port: number }, changes: Partial<Access> = {}): Access {
  return {
    host: "127.0.0.1",
    port: host.port,
    user: "root",
    auth: { privateKey: clientKey.privateKey },
    hostKeys: undefined,
    sudo: false,
    // Only who waits in vain needs to wait for so long.
    connectTimeoutSeconds: 20,
    ...changes,
  };
}

export async function shellOn(
  host: SshHost,
  changes: Partial<Access> = {},
  silenceSeconds = 18,
): Promise<Shell> {
  const shell = await connectWatched(accessTo(host, changes), silenceSeconds);
  cleanUps.push(() => shell.close());
  return shell;
}

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "transport-test-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error that `work` must end with. */
export async function failureOf(work: Promise<unknown>): Promise<HostError> {
  return work.then(
    () => {
      throw new Error("this was expected to fail");
    },
    (error: HostError) => error,
  );
}
