/** One question about a host's health, with every default filled in. */
export type HealthCheck = Tries &
  (
    | { kind: "command"; command: string }
    | { kind: "unit"; unit: string }
    | { kind: "tcp"; host: string; port: number }
    | { kind: "http"; url: string; status: number }
  );

interface Tries {
  /** Its key in the program. */
  name: string;
  /** Further tries after the first one. */
  retries: number;
  intervalSeconds: number;
  /** Of one try. */
  deadlineSeconds: number;
}

/** A check that no try of it passed. */
export interface HealthFailure {
  name: string;
  expected: string;
  /** One line. */
  seen: string;
  /** The last lines that explain it; empty: `seen` says all. */
  log: string;
  tries: number;
}
