import { Stopwatch } from "../core/deadline";
import { elapsed } from "../core/format";
import type { Progress } from "../core/progress";

const stepLine = /^(?:\[\d+\/\d+\] )?STEP (\d+\/\d+): (.*)$/;
const layerLine = /^Copying (blob|config) (sha256:[0-9a-f]{12})/;

export interface BuildStep {
  /** `3/9`. */
  number: string;
  instruction: string;
  seconds: number;
}

/** What a build says, as progress: which step, for how long, and its latest words; layers by their digests. */
export class BuildProgress {
  readonly steps: BuildStep[] = [];
  private watch = new Stopwatch();
  private layers = 0;

  constructor(private readonly progress: Pick<Progress, "detail" | "log" | "clean">) {}

  line(line: string): void {
    this.progress.log(line);
    const words = this.progress.clean(line.trim());
    if (words === "") return;
    const [, number, instruction] = stepLine.exec(words) ?? [];
    if (number !== undefined && instruction !== undefined) this.begin(number, instruction);
    const [, kind, digest] = layerLine.exec(words) ?? [];
    if (kind === "blob") return this.progress.detail(`layer ${++this.layers} (${digest})`);
    this.progress.detail(this.text(number === undefined ? words : ""));
  }

  /** The step that runs, or ran last. */
  get step(): BuildStep | undefined {
    const last = this.steps.at(-1);
    if (last !== undefined) last.seconds = this.watch.seconds();
    return last;
  }

  /** The step that took the longest. */
  get slowest(): BuildStep | undefined {
    void this.step;
    return this.steps.toSorted((one, other) => other.seconds - one.seconds)[0];
  }

  private begin(number: string, instruction: string): void {
    void this.step;
    this.steps.push({ number, instruction: inShort(instruction), seconds: 0 });
    this.watch = new Stopwatch();
  }

  private text(latest: string): string {
    const { step } = this;
    if (step === undefined) return shortened(latest, 100);
    const head = `step ${step.number}, ${shortened(step.instruction, 50)}, ${elapsed(step.seconds)}`;
    return latest === "" ? head : `${head}: ${shortened(latest, 60)}`;
  }
}

/** What a person calls the instruction: without mounts, and without the shell around several lines. */
function inShort(instruction: string): string {
  const plain = instruction.replace(/^(RUN|COPY) (--\S+ )+/, "$1 ").replaceAll(/\s+/g, " ");
  const [, json] = /^RUN (\[.*\])$/.exec(plain) ?? [];
  if (json === undefined) return plain;
  try {
    return `RUN ${String((JSON.parse(json) as string[]).at(-1)).replaceAll(/\s+/g, " ")}`;
  } catch {
    return plain;
  }
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
