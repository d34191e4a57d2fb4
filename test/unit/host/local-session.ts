import { spawn } from "node:child_process";
import { once } from "node:events";
import type { HostSession } from "../../../provider/host/session";

/** Runs the job's own scripts in this machine's sh, below a folder of this test and as on a host without systemd. */
export function localSession(root: string, onRun: (script: string) => void = () => undefined): HostSession {
  const run = async (script: string, options: { onLine?: (line: string) => void }) => {
    onRun(script);
    const moved = script
      .replaceAll("/run/pulumi-immutable-os", root)
      .replaceAll("[ -d /run/systemd/system ]", "false");
    const shell = spawn("sh", [], { stdio: ["pipe", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    shell.stdout.on("data", (chunk) => (stdout += String(chunk)));
    shell.stderr.on("data", (chunk) => (stderr += String(chunk)));
    shell.stdin.end(moved);
    const [exitCode] = (await once(shell, "close")) as [number];
    stdout
      .split("\n")
      .filter(Boolean)
      .forEach((line) => options.onLine?.(line));
    return { exitCode, stdout, stderr };
  };
  return { run } as unknown as HostSession;
}
