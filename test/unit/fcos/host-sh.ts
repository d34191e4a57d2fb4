// A stand-in for an ostree host: its scripts are run by this machine's own sh, below a folder of the test, with stand-ins
// for the host's tools first on PATH.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface HostSh {
  root: string;
  run(script: string): { exitCode: number | null; stdout: string; stderr: string };
  /** The same script with the host's places below the test's folder. */
  moved(script: string): string;
  tool(name: string, script: string): void;
  file(path: string, content: string): void;
  env: NodeJS.ProcessEnv;
  remove(): void;
}

const places = /(?<![\w}/.])\/(run|etc|var\/lib|ostree|sysroot|boot|proc|usr\/lib|usr\/share)\b(?!-)/g;

export function hostSh(): HostSh {
  const root = mkdtempSync(join(tmpdir(), "fcos-test-"));
  const bin = join(root, "bin");
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, ROOT: root };
  const moved = (script: string): string => script.replaceAll(places, `${root}$&`);
  const file = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  mkdirSync(bin);
  return {
    root,
    env,
    moved,
    file,
    run: (script) => {
      const { status, stdout, stderr } = spawnSync("sh", ["-s"], {
        input: moved(script),
        encoding: "utf8",
        env,
      });
      return { exitCode: status, stdout, stderr };
    },
    tool: (name, script) => writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    remove: () => rmSync(root, { recursive: true }),
  };
}
