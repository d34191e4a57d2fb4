import { asHostError, HostError, lastLines } from "../core/errors";
import { elapsed } from "../core/format";
import type { Progress } from "../core/progress";
import { fillContext, write, type LocalRpm } from "./build-context";
import type { Base } from "./base-image";
import type { BuildMachine } from "./build-machine";
import { BuildProgress, type BuildStep } from "./build-progress";
import { knownFailure, warningsOf } from "./build-warnings";
import { buildCommand, type InspectedImage } from "./builders/builder";
import { containerfile } from "./containerfile";
import { evidenceScript, initramfsRecord, parseEvidence, wantedOf } from "./evidence";
import { inspectionError, runInspections, verdictOf } from "./inspections";
import { inspectedImage, lookInto } from "./look";
import type { ImageInputs } from "./schema";
import type { InitramfsRecord, InspectionResult } from "./types";

const mostWarnings = 10;

/** The Containerfile that was built; the image lies on the build machine under this build's name. */
export async function build(
  machine: BuildMachine,
  inputs: ImageInputs,
  { base, rpms }: { base: Base; rpms: readonly LocalRpm[] },
  progress: Progress,
  deadlineSeconds: number,
): Promise<string> {
  const { builder, names } = machine;
  const recipe = containerfile(
    inputs,
    base.facts,
    rpms.map(({ name }) => name),
  );
  progress.detail("bringing RPMs and files to the build machine");
  await fillContext(machine, inputs, rpms, progress);
  await write(machine, "context/Containerfile", recipe);
  const command = buildCommand(builder, {
    ...base.place,
    from: names.base,
    name: names.image,
    containerfile: "context/Containerfile",
    context: "context",
    // It would say the base's name in this build.
    annotations: { "org.opencontainers.image.base.name": base.reference },
  });
  const said = new BuildProgress(progress);
  const onLine = (line: string): void => said.line(line);
  const run = await machine
    .run(withWholeEnd(command), { deadlineSeconds, onLine })
    .catch((error: unknown) => Promise.reject(tooLate(asHostError(error), said)));
  const log = progress.clean(run.stdout);
  if (run.exitCode !== 0) throw failed(log, run.exitCode, said);
  tell(log, said, progress);
  return recipe;
}

/**
 * Everything is passed on as it comes, which head would not do; of a log that is longer than a connection takes of one
 * command the end is what matters.
 */
function withWholeEnd(command: string): string {
  return `{ { ${command}; echo $? > code; } 2>&1 | { dd bs=32 count=190000 2>/dev/null; cat > rest; }; }
[ ! -s rest ] || { printf '\\n…\\n'; tail -n 300 rest | cut -c1-1000; }
exit "$(cat code)"`;
}

function tell(log: string, { steps, slowest }: BuildProgress, progress: Progress): void {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const { harmless, others } = warningsOf(log);
  const longest =
    slowest && `; the longest: ${slowest.instruction.slice(0, 60)}, ${elapsed(slowest.seconds)}`;
  progress.lasting(
    `built in ${elapsed(seconds)}, ${steps.length} steps${longest ?? ""}; ${harmless} warnings that such a build always gives`,
  );
  for (const line of others.slice(0, mostWarnings)) progress.warning(`the build says: ${line.slice(0, 300)}`);
  if (others.length > mostWarnings) progress.warning(`and ${others.length - mostWarnings} more such lines`);
}

/** Without a log of its own: what is shown is the whole one, as progress keeps it. */
function failed(log: string, exitCode: number, { step }: BuildProgress): HostError {
  const known = knownFailure(log, exitCode);
  const where = step === undefined ? "before its first step" : `in ${named(step)}`;
  return new HostError("build-failed", {
    what: `the build failed ${where}${known === undefined ? "" : `: ${known.what}`}; nothing was pushed`,
    seen: `exit code ${exitCode}: ${lastWords(log)}`,
    next: known?.next ?? "correct what the log shows, then run pulumi up again",
  });
}

function tooLate(error: HostError, { step }: BuildProgress): HostError {
  if (error.code !== "deadline-exceeded") return error;
  return new HostError("deadline-exceeded", {
    what: `the build did not end in its time${step === undefined ? "" : `; ${elapsed(step.seconds)} of it went into ${named(step)}`}`,
    next: "see what the log waits for; a slow builder needs more: deadlines.buildSeconds",
  });
}

function named({ number, instruction }: BuildStep): string {
  return `step ${number} (${instruction.length > 100 ? `${instruction.slice(0, 99)}…` : instruction})`;
}

/** Of the step itself, and not the tool's own summary below it. */
function lastWords(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const own = lines.filter((line) => !/^(Error: building at STEP|subprocess exited)/.test(line));
  return (own.at(-1) ?? lines.at(-1) ?? "no output").slice(0, 300);
}

export interface Inspected {
  image: InspectedImage;
  initramfs: InitramfsRecord;
  inspections: InspectionResult[];
}

/** Throws where an inspection failed: what is pushed is proved. */
export async function inspect(
  machine: BuildMachine,
  inputs: ImageInputs,
  base: Base,
  progress: Progress,
): Promise<Inspected> {
  const wanted = wantedOf(inputs);
  const image = await inspectedImage(machine, machine.names.image);
  const look = await lookInto(machine, machine.names.image, evidenceScript(wanted), base.place);
  if (look.exitCode !== 0) throw notSeen(look.exitCode, look.stderr);
  const evidence = parseEvidence(look.stdout, image);
  const inspections = runInspections(evidence, base.facts, wanted);
  for (const { name, verdict, seen } of inspections) progress.log(`${verdict}: ${name}: ${seen}`);
  if (verdictOf(inspections) === "failed") throw inspectionError(inspections);
  const unchecked = inspections.filter(({ verdict }) => verdict === "unchecked");
  progress.lasting(`inspected: ${inspections.length - unchecked.length} of ${inspections.length} are fine`);
  for (const { name, seen } of unchecked) progress.warning(`could not be checked: ${name}: ${seen}`);
  return { image, initramfs: initramfsRecord(evidence, wanted), inspections };
}

function notSeen(exitCode: number, stderr: string): HostError {
  return new HostError("build-failed", {
    what: "no look into the finished image was possible; nothing was pushed",
    expected: "the output of a script that runs in it",
    seen: `exit code ${exitCode}: ${lastLines(stderr.trim(), 3)}`,
    next: "an image in which /bin/sh does not run will not boot either: see what its steps changed",
  });
}
