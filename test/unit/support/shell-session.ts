// A stand-in for a host: its scripts are run by this machine's own sh, with paths led into a folder of the test, and
// with the programs of that folder before the machine's own ones. Unlike local-host.ts it waits without blocking.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandResult } from "../../../provider/core/shell";

export class ShellSession {
  readonly root = mkdtempSync(join(tmpdir(), "shell-session-"));
  readonly scripts: string[] = [];

  constructor() {
    mkdirSync(join(this.root, "bin"));
  }

  /** A program that is found before the machine's own one. */
  program(name: string, body: string): void {
    const path = join(this.root, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  run(script: string): Promise<CommandResult> {
    this.scripts.push(script);
    const led = script.replaceAll("/run/pulumi-immutable-os", `${this.root}/run`);
    const child = spawn("sh", ["-s"], {
      env: { ...process.env, PATH: `${this.root}/bin:${process.env["PATH"]}` },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.stdin.end(led);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode) => resolve({ exitCode: exitCode ?? -1, stdout, stderr }));
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
