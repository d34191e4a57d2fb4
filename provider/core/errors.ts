/** Every failure has a stable code: tests and users match on it, texts may change. */
export type ErrorCode =
  | "bad-input"
  | "evaluation-failed"
  | "build-failed"
  | "unreachable"
  | "host-key-mismatch"
  | "login-refused"
  | "connection-lost"
  | "deadline-exceeded"
  | "preflight-refused"
  | "silent-kexec-failure"
  | "kexec-load-failed"
  | "installer-not-proved"
  | "wrong-disk"
  | "disk-in-use"
  | "not-in-installer"
  | "disko-failed"
  | "copy-failed"
  | "install-failed"
  | "activation-failed"
  | "reboot-not-proved"
  | "wrong-system"
  | "foreign-system"
  | "foreign-machine"
  | "reinstall-refused"
  | "job-still-running"
  | "lease-held"
  | "no-system"
  | "device-missing"
  | "download-failed"
  | "registry-failed"
  | "inspection-failed"
  | "push-failed"
  | "rebuild-refused"
  | "rebase-failed"
  | "staged-check-failed"
  | "finalize-failed"
  | "fell-back"
  | "wrong-kernel"
  | "unhealthy"
  | "rollback-failed"
  | "command-failed";

export interface ErrorDetails {
  /** What went wrong, one line. */
  what: string;
  expected?: string;
  seen?: string;
  /** What the reader can do now. */
  next?: string;
  /** The log that explains it, shown once. */
  log?: string;
}

/** For errors that can come at any moment, from places that know nothing of the whole. */
const usualNext: Partial<Record<ErrorCode, string>> = {
  unreachable: "look whether the machine runs, and check its address and port; then run pulumi up again",
  "connection-lost": "run pulumi up again: it looks at the machine anew, and goes on from what is proved",
  "deadline-exceeded":
    "look what keeps the host busy, or allow more time in connection.deadlines; then run pulumi up again",
  "copy-failed": "look at the space and the rights on the host, then run pulumi up again",
  "build-failed": "correct what the log shows, then run pulumi up again",
  "bad-input": "correct the program",
  "command-failed": "look at the host, then run pulumi up again",
};

/** An error that a person can act on. It carries no stack: Pulumi would print ours instead of the text. */
export class HostError extends Error {
  override readonly name = "HostError";
  phase: string | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails,
  ) {
    super(details.what);
    this.stack = "";
  }

  /** The whole text, as the user sees it. */
  text(): string {
    const { what, expected, seen, next = usualNext[this.code], log } = this.details;
    return [
      `${this.phase === undefined ? "" : `${this.phase}: `}${what} [${this.code}]`,
      expected && `  expected: ${expected}`,
      seen && `  seen:     ${seen}`,
      next && `  next:     ${next}`,
      log && `  log:\n${indent(lastLines(log, 60))}`,
    ]
      .filter(Boolean)
      .join("\n");
  }
}

export function asHostError(error: unknown): HostError {
  if (error instanceof HostError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return new HostError("command-failed", {
    what: message,
    next: "this is a defect of pulumi-immutable-os: please report it with the log",
    ...(stack ? { log: stack } : {}),
  });
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

export function lastLines(text: string, count: number): string {
  const lines = text.trimEnd().split("\n");
  return lines.length <= count ? lines.join("\n") : ["…", ...lines.slice(-count)].join("\n");
}
