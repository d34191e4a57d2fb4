import { EngineLog, flushLog } from "./engine-log";
import type { Inputs } from "./inputs";
import type { Secretive } from "./kind";
import type { CheckResult } from "./results";
import { Row } from "./row";
import { secretsOf, withoutSecrets } from "./secrets";

export interface DiffResult {
  changes?: boolean | undefined;
  replaces?: string[];
}

export interface ReadResult {
  id: string;
  props: Inputs;
  inputs?: Inputs;
}

/** CRUD as Pulumi calls it. */
export interface Lifecycle {
  check(olds: Inputs, news: Inputs): Promise<CheckResult>;
  diff(id: string, olds: Inputs, news: Inputs): Promise<DiffResult>;
  create(news: Inputs): Promise<{ id: string; outs: Inputs }>;
  read(id: string, props: Inputs): Promise<ReadResult>;
  update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }>;
  delete(id: string, props: Inputs): Promise<void>;
}

/** Each call, its errors without secrets, and its last lines shown before it ends: the plugin may be ended right after it. */
export function guarded(kind: Secretive, lifecycle: Lifecycle): Lifecycle {
  const ended = async <Answer>(args: readonly unknown[], call: Promise<Answer>): Promise<Answer> => {
    try {
      return await call;
    } catch (error) {
      const secrets = args.flatMap((each) => secretsOf(kind, each as Inputs));
      if (error instanceof Error) {
        error.message = withoutSecrets(error.message, secrets);
        error.stack = withoutSecrets(error.stack ?? "", secrets);
      }
      throw error;
    } finally {
      await flushLog();
    }
  };
  return {
    check: (...args) => ended(args, lifecycle.check(...args)),
    diff: (...args) => ended(args, lifecycle.diff(...args)),
    create: (...args) => ended(args, lifecycle.create(...args)),
    read: (...args) => ended(args, lifecycle.read(...args)),
    update: (...args) => ended(args, lifecycle.update(...args)),
    delete: (...args) => ended(args, lifecycle.delete(...args)),
  };
}

export function rowFor(kind: Secretive, inputs: Inputs): Row {
  return new Row(new EngineLog(String(inputs["__urn"])), secretsOf(kind, inputs));
}
