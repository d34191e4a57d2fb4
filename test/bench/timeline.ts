const marks = [
  "confirm: kernel",
  "[silent-kexec-failure]",
  "pushed: ",
  "keep: sha256:",
  "rolled back to sha256:",
] as const;
type Mark = (typeof marks)[number];

/** Notes when the phases of a run began, from what `pulumi` prints: `[3/7] kexec, …`, and the last proof. */
export class Timeline {
  private readonly begins: { phase: string; at: number }[] = [];
  private readonly seen = new Map<string, number>();
  private text = "";

  constructor(private readonly lastProof: Mark = "confirm: kernel") {}

  /** To be called with every chunk of output as it comes. */
  read(chunk: string): void {
    const at = performance.now();
    this.text += chunk;
    for (const [, phase = ""] of this.text.matchAll(/\[\d+\/\d+\] ([a-z ]+?)(?=,| \()/g)) {
      if (!this.begins.some((begin) => begin.phase === phase)) this.begins.push({ phase, at });
    }
    for (const mark of marks) {
      if (this.text.includes(mark) && !this.seen.has(mark)) this.seen.set(mark, at);
    }
  }

  /** performance.now() of the moment when that text was printed first. */
  momentOf(mark: Mark): number {
    const at = this.seen.get(mark);
    if (at === undefined) throw new Error(`pulumi never printed "${mark}":\n${this.text}`);
    return at;
  }

  /** Seconds of every phase, from its first line to the first line of the next one. */
  phases(): Map<string, number> {
    const ends = [...this.begins.slice(1).map((begin) => begin.at), this.momentOf(this.lastProof)];
    return new Map(this.begins.map(({ phase, at }, index) => [phase, (ends[index]! - at) / 1000]));
  }
}
