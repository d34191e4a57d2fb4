import type { ErrorCode } from "./errors";

/** One step of a sequence, with its own proof. Phases are data; the runner does everything around them. */
export interface Phase<Facts, Context> {
  name: string;
  /** Seconds for `run`; what it waits for inside has deadlines of its own. */
  deadlineSeconds(context: Context): number;
  /** From here to the end of the sequence an interruption leaves a machine without a system. */
  pastNoReturn?: boolean;
  /** Done already, or not needed here: the phase is skipped. */
  isDone(facts: Facts, context: Context): boolean;
  run(context: Context, facts: Facts): Promise<void>;
  /** Judges what the machine shows afterwards. Exit codes count for nothing here. */
  verify(after: Facts, context: Context, before: Facts): Verdict;
}

export type Verdict = Proof | Refutation;

export interface Proof {
  /** What the machine proved, in one line. Empty: nothing worth a line. */
  proved: string;
}

export interface Refutation {
  code: ErrorCode;
  what: string;
  expected: string;
  seen: string;
  next: string;
}
