/** What a running phase can tell the user. Implemented by runtime/, which knows Pulumi's display. */
export interface Progress {
  /** Phase `name` begins; it is number `step` of `count`. */
  begin(step: number, count: number, name: string): void;
  /** What the phase is doing now: replaces the text before it, nothing of it stays. */
  detail(text: string): void;
  /** A line that stays: something was proved, or matters to the user. */
  lasting(text: string): void;
  warning(text: string): void;
  /** A line of the full log, shown only when the phase fails. */
  log(line: string): void;
  /** The full log of the phase so far. */
  fullLog(): string;
  /** Without secrets: for what is cut before it is shown, for half of a secret is not known as one. */
  clean(text: string): string;
}
