import { createHash } from "node:crypto";
import { readFile, readdir, readlink } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { HostError, lastLines } from "../core/errors";
import type { LocalResult, RunLocal } from "../core/shell";
import type { DiskoMode } from "./disko-mode";
import { bootKey, digest, type Evaluation, type RawEvaluation } from "./evaluation";
import { readCached, writeCached } from "./evaluation-cache";
import { configurationsExpression } from "./expression";
import { layoutOfScript } from "./layout";
import { nixArguments, type NixOptions } from "./nix-arguments";

export type SystemReference = { flake: string } | { toplevel: string; diskoScript?: string | undefined };

const evaluationDeadlineSeconds = 600;

interface Batch {
  names: Set<string>;
  results: Promise<Map<string, RawEvaluation | HostError>>;
}

/**
 * Evaluates on the machine where the program runs. All hosts of one flake that ask in the same turn, with the same
 * settings of Nix, share one run.
 */
export class Evaluator {
  private readonly batches = new Map<string, Batch>();

  constructor(private readonly runLocal: RunLocal) {}

  evaluate(
    system: SystemReference,
    options: NixOptions = {},
    mode: DiskoMode = "disko",
  ): Promise<Evaluation> {
    return "flake" in system ? this.ofFlake(system.flake, options, mode) : ofStorePaths(system);
  }

  private async ofFlake(reference: string, options: NixOptions, mode: DiskoMode): Promise<Evaluation> {
    const { flake, name } = splitReference(reference);
    const key = JSON.stringify([flake, options]);
    const batch = this.batches.get(key) ?? this.newBatch(key, flake, options);
    batch.names.add(name);
    const found = (await batch.results).get(name);
    if (found === undefined || found instanceof HostError) throw found ?? noAnswer(flake, name);
    return digest(found, mode);
  }

  private newBatch(key: string, flake: string, options: NixOptions): Batch {
    const names = new Set<string>();
    const results = nextTurn().then(() => {
      this.batches.delete(key);
      return this.run(flake, options, [...names]);
    });
    const batch = { names, results };
    this.batches.set(key, batch);
    return batch;
  }

  private async run(
    flake: string,
    options: NixOptions,
    names: string[],
  ): Promise<Map<string, RawEvaluation | HostError>> {
    const fingerprint = await this.fingerprint(flake, options);
    const results = new Map<string, RawEvaluation | HostError>();
    for (const name of names) {
      const cached = fingerprint && (await readCached<RawEvaluation>(fingerprint, name));
      if (cached) results.set(name, cached);
    }
    const missing = names.filter((name) => !results.has(name));
    for (const [name, result] of await this.evaluateAll(flake, options, missing)) {
      results.set(name, result);
      if (fingerprint && !(result instanceof HostError)) await writeCached(fingerprint, name, result);
    }
    return results;
  }

  /** One run for all; when one configuration is broken, one run each, so that each gets its own message. */
  private async evaluateAll(
    flake: string,
    options: NixOptions,
    names: string[],
  ): Promise<Map<string, RawEvaluation | HostError>> {
    if (names.length === 0) return new Map();
    const run = await this.runLocal(
      "nix",
      [
        ...nixArguments(options),
        "eval",
        "--json",
        "--no-write-lock-file",
        `${flake}#nixosConfigurations`,
        "--apply",
        configurationsExpression(names),
      ],
      { deadlineSeconds: evaluationDeadlineSeconds },
    );
    if (run.exitCode === 0) {
      return new Map(Object.entries(JSON.parse(run.stdout) as Record<string, RawEvaluation>));
    }
    if (names.length === 1)
      return new Map([[names[0] as string, evaluationFailed(`${flake}#${names[0]}`, run)]]);
    const results = new Map<string, RawEvaluation | HostError>();
    for (const name of names) {
      for (const [key, result] of await this.evaluateAll(flake, options, [name])) results.set(key, result);
    }
    return results;
  }

  /** What the flake's content is known by; undefined when it cannot be locked. */
  private async fingerprint(flake: string, options: NixOptions): Promise<string | undefined> {
    const run = await this.runLocal(
      "nix",
      [...nixArguments(options), "flake", "metadata", "--json", "--no-write-lock-file", flake],
      {
        deadlineSeconds: evaluationDeadlineSeconds,
      },
    );
    if (run.exitCode !== 0) return undefined;
    const { locked, locks, url } = JSON.parse(run.stdout) as {
      locked?: { narHash?: string };
      locks?: unknown;
      url?: string;
    };
    if (locked?.narHash === undefined) return undefined;
    return createHash("sha256")
      .update(JSON.stringify([locked.narHash, locks, url, options, configurationsExpression([])]))
      .digest("hex");
  }
}

export function splitReference(reference: string): { flake: string; name: string } {
  const hash = reference.lastIndexOf("#");
  const flake = reference.slice(0, hash);
  // Nix takes "machines" for a registry name; a folder of the program is meant.
  const isFolder = !flake.includes(":") && !flake.startsWith("/") && !flake.startsWith(".");
  return { flake: isFolder ? `./${flake}` : flake, name: reference.slice(hash + 1) };
}

/** Prebuilt paths are read from this machine's store; nothing is evaluated. */
async function ofStorePaths(system: {
  toplevel: string;
  diskoScript?: string | undefined;
}): Promise<Evaluation> {
  const { toplevel, diskoScript = "" } = system;
  try {
    const releases = await readdir(`${toplevel}/kernel-modules/lib/modules`);
    return {
      toplevel,
      kernelRelease: releases[0] ?? "",
      bootKey: bootKey(
        dirname(await readlink(`${toplevel}/kernel`)),
        await readlink(`${toplevel}/kernel-modules`),
        dirname(await readlink(`${toplevel}/initrd`)),
        await readFile(`${toplevel}/kernel-params`, "utf8"),
      ),
      diskoScript,
      layout:
        diskoScript === ""
          ? { hash: "", devices: [], kept: [], mountpoints: ["/"] }
          : layoutOfScript(diskoScript),
      needs: { system: (await readFile(`${toplevel}/system`, "utf8")).trim(), bootMode: "" },
    };
  } catch (error) {
    throw new HostError("evaluation-failed", {
      what: `${toplevel} is no NixOS system in this machine's store`,
      expected: "a folder with kernel, initrd, kernel-params and kernel-modules/lib/modules",
      seen: error instanceof Error ? error.message : String(error),
      next: "build it here, or copy it here with nix copy",
    });
  }
}

function evaluationFailed(reference: string, run: LocalResult): HostError {
  if (run.exitCode === 127) {
    return new HostError("evaluation-failed", {
      what: `${reference} cannot be evaluated: the machine where Pulumi runs has no nix on PATH`,
      expected: "nix, with flakes",
      seen: run.stderr.trim(),
      next: "install Nix there, or give system.toplevel and system.diskoScript as store paths",
    });
  }
  const { stderr } = run;
  return new HostError("evaluation-failed", {
    what: `${reference} does not evaluate. Nix says:\n${lastLines(stderr.trim(), 40)}`,
  });
}

function noAnswer(flake: string, name: string): HostError {
  return new HostError("evaluation-failed", { what: `nix gave no answer for ${flake}#${name}` });
}
