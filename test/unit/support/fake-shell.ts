// A stand-in for a host behind ssh: unit tests only ask who connects when, and what was run.
import { HostError, type ErrorCode } from "../../../provider/core/errors";
import type { Access, CommandResult, Connect, Shell } from "../../../provider/core/shell";

type Answer = Partial<CommandResult> | HostError;

export class FakeShell implements Shell {
  readonly hostKey;
  readonly scripts: string[] = [];
  readonly closed: Promise<void>;
  isClosed = false;
  private end: () => void = () => undefined;

  constructor(
    publicKey: string,
    private readonly answer: (script: string) => Answer | Promise<Answer>,
  ) {
    this.hostKey = { publicKey, fingerprint: "SHA256:fake" };
    this.closed = new Promise((resolve) => (this.end = resolve));
  }

  async run(script: string): Promise<CommandResult> {
    this.scripts.push(script);
    const answer = await this.answer(script);
    if (answer instanceof HostError) throw answer;
    return { exitCode: 0, stdout: "", stderr: "", ...answer };
  }

  upload(): Promise<void> {
    return Promise.reject(new Error("no upload is expected"));
  }

  relay(): Promise<never> {
    return Promise.reject(new Error("no relay is expected"));
  }

  close(): void {
    this.isClosed = true;
    this.end();
  }
}

/** Answers every connection attempt in turn; the last answer is repeated. */
export function fakeConnect(...answers: (Shell | HostError)[]): Connect & { asked: Access[] } {
  const asked: Access[] = [];
  const connect = (access: Access): Promise<Shell> => {
    asked.push(access);
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) as Shell | HostError;
    return answer instanceof HostError ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return Object.assign(connect, { asked });
}

export function errorOf(code: ErrorCode): HostError {
  return new HostError(code, { what: code });
}

/** The error that `work` must end with. */
export async function failureOf(work: () => unknown): Promise<HostError> {
  try {
    await work();
  } catch (error) {
    return error as HostError;
  }
  throw new Error("this was expected to fail");
}
