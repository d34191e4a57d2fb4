import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Engine } from "../contract/engine";
import type { Declared, Ending, Order } from "./deploy-once";
import { nixEnvironment } from "./mini-nixos";
import { waitFor } from "./shell";

const root = join(__dirname, "../..");

export type RunEnding = Ending | { end: "killed" };

/** Who deploys to one machine, run after run, and keeps what Pulumi's engine would keep in between. */
export class Client {
  state: Order["state"];

  private constructor(
    private readonly engine: Engine,
    readonly declared: Declared,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(declared: Declared, environment: Record<string, string> = {}): Promise<Client> {
    return new Client(await new Engine().start(), declared, environment);
  }

  /** Starts one `up` of a flake's configuration. */
  up(flake: string, deadlines: Record<string, number> = {}): Run {
    const connection = { ...this.declared.connection, deadlines };
    const args = { ...this.declared, connection, system: { flake } };
    const order = { args, ...(this.state ? { state: this.state } : {}) };
    return new Run(this.engine, order, this.environment, (ending) => {
      if ("state" in ending) this.state = ending.state;
    });
  }

  stop(): void {
    this.engine.stop();
  }
}

/** One `up`, in a process of its own. */
export class Run {
  readonly ended: Promise<RunEnding>;
  private readonly child: ChildProcess;
  private readonly firstLine: number;
  private printed = "";
  private over = false;

  constructor(
    private readonly engine: Engine,
    order: Order,
    environment: Record<string, string>,
    keep: (ending: RunEnding) => void,
  ) {
    this.firstLine = engine.lines.length;
    this.child = spawn(
      process.execPath,
      ["--import", "tsx", "test/lab/deploy-once.ts", engine.address],
      // A module of Jest's must not be loaded into the child.
      { cwd: root, env: { ...process.env, NODE_OPTIONS: "", ...nixEnvironment, ...environment } },
    );
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.printed += chunk.toString("utf8")));
    this.child.stdin?.end(JSON.stringify(order));
    this.ended = once(this.child, "close").then(() => {
      this.over = true;
      const ending = this.ending();
      keep(ending);
      return ending;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** What the resource's row showed, in order: what stays, or all of it. */
  lines(which: "lasting" | "all" = "lasting"): string[] {
    return this.engine.lines
      .slice(this.firstLine)
      .filter((line) => which === "all" || !line.ephemeral)
      .map((line) => line.message);
  }

  /** Waits until the row shows it; false when the run ended before. */
  async shows(text: RegExp, deadlineSeconds = 400): Promise<boolean> {
    const look = (): boolean | undefined => {
      if (this.lines("all").some((line) => text.test(line))) return true;
      return this.over ? false : undefined;
    };
    return waitFor(`${text} on the row`, deadlineSeconds, () => Promise.resolve(look()), 0.05);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** All that is known of it, for the message of a test that failed. */
  async story(): Promise<string> {
    const ending = this.over ? await this.ended : { end: "runs" };
    return [...this.lines("all").filter(Boolean), JSON.stringify(ending, undefined, 1).slice(0, 6000)].join(
      "\n",
    );
  }

  private ending(): RunEnding {
    const lastLine = this.printed.trimEnd().split("\n").at(-1) ?? "";
    if (lastLine.startsWith('{"end":')) return JSON.parse(lastLine) as Ending;
    if (this.child.signalCode === "SIGKILL") return { end: "killed" };
    throw new Error(`the run ended without a word:\n${this.printed.slice(-4000)}`);
  }
}
