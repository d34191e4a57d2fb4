// A stand-in for a host: its scripts are run by this machine's own sh, with paths led into a folder of the test.
import { spawnSync } from "node:child_process";
import { copyFileSync, chmodSync } from "node:fs";
import type { HostSession } from "../../../provider/host/session";

export interface LocalHost {
  session: HostSession;
  /** All that a process list could have shown. */
  commands: string[];
  scripts: string[];
}

/** `/mnt` and the installer's `/` become folders here. */
export function localHost(lead: (text: string) => string): LocalHost {
  const host: Omit<LocalHost, "session"> = { commands: [], scripts: [] };
  const run = (script: string): Promise<object> => {
    host.scripts.push(script);
    host.commands.push("sh -s");
    const { status, stdout, stderr } = spawnSync("sh", ["-s"], { input: lead(script), encoding: "utf8" });
    return Promise.resolve({ exitCode: status, stdout, stderr });
  };
  const upload = (from: string, to: string): Promise<void> => {
    host.commands.push(`upload ${to}`);
    copyFileSync(from, lead(to));
    chmodSync(lead(to), 0o600);
    return Promise.resolve();
  };
  const session = { run, shell: () => Promise.resolve({ upload }) } as unknown as HostSession;
  return Object.assign(host, { session });
}
