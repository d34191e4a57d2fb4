// Part of a stand-in for an ostree machine: the calls of its tools, for a test that waits for one.
export class WatchedCalls {
  /** Every call, in order. */
  readonly steps: string[] = [];
  private readonly watched: { step: RegExp; resolve: () => void }[] = [];
  private held: { step: RegExp; until: Promise<void> } | undefined;

  /** Resolves when such a call comes. */
  reached(step: RegExp): Promise<void> {
    return new Promise((resolve) => this.watched.push({ step, resolve }));
  }

  /** As `reached`, and the tool answers only when it is let. */
  async heldAt(step: RegExp): Promise<() => void> {
    let letGo: () => void = () => undefined;
    const held = { step, until: new Promise<void>((resolve) => (letGo = resolve)) };
    this.held = held;
    await this.reached(step);
    return () => {
      if (this.held === held) this.held = undefined;
      letGo();
    };
  }

  /** The calls that match. */
  did(pattern: RegExp): string[] {
    return this.steps.filter((step) => pattern.test(step));
  }

  protected async came(step: string): Promise<void> {
    this.steps.push(step);
    for (const watched of this.watched.filter(({ step: pattern }) => pattern.test(step))) watched.resolve();
    if (this.held?.step.test(step)) await this.held.until;
  }
}
