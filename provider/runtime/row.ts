import { Stopwatch } from "../core/deadline";
import { elapsed } from "../core/format";
import type { Progress } from "../core/progress";
import type { EngineLog } from "./engine-log";
import { withoutSecrets } from "./secrets";

const longestLog = 2000;
const changeMilliseconds = 1000;
const tickMilliseconds = 5000;

/** A resource's row in Pulumi's display: step n of m, what is done now, elapsed; lasting lines go to Diagnostics. */
export class Row implements Progress {
  private step = "";
  private now = "";
  private watch = new Stopwatch();
  private readonly lines: string[] = [];
  private ticker: NodeJS.Timeout | undefined;
  private lastShown = 0;

  constructor(
    private readonly engine: EngineLog,
    private readonly secrets: readonly string[],
  ) {}

  begin(step: number, count: number, name: string): void {
    this.step = `[${step}/${count}] ${name}`;
    this.now = "";
    this.watch = new Stopwatch();
    this.lines.push(`== ${name}`);
    this.ticker ??= setInterval(() => this.show(), tickMilliseconds).unref();
    this.show();
  }

  detail(text: string): void {
    this.now = this.clean(text);
    // The ticker shows the latest soon enough: without a terminal every message is a line of its own.
    if (performance.now() - this.lastShown > changeMilliseconds) this.show();
  }

  lasting(text: string): void {
    this.lines.push(text);
    this.engine.lasting(this.clean(text));
  }

  warning(text: string): void {
    this.lines.push(`warning: ${text}`);
    this.engine.lasting(this.clean(text), "warning");
  }

  log(line: string): void {
    this.lines.push(line);
    if (this.lines.length > longestLog) this.lines.splice(0, this.lines.length - longestLog);
  }

  /** Empty when there is nothing but the names of the phases. */
  fullLog(): string {
    if (this.lines.every((line) => line.startsWith("== "))) return "";
    return this.clean(this.lines.join("\n"));
  }

  /** Ends the row: the status that is left would be taken for work that goes on. */
  end(): void {
    clearInterval(this.ticker);
    if (this.step !== "") this.engine.ephemeral("");
  }

  clean(text: string): string {
    return withoutSecrets(text, this.secrets);
  }

  private show(): void {
    this.lastShown = performance.now();
    this.engine.ephemeral([this.step, this.now, elapsed(this.watch.seconds())].filter(Boolean).join(", "));
  }
}
