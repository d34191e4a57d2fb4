import { StringDecoder } from "node:string_decoder";
import { LineSplitter } from "./line-splitter";

/**
 * One output stream of a script, between two marks that carry a nonce. What comes before the first mark is noise
 * of the login shell; the last mark proves that the script came to its end, and carries the exit code.
 */
export class MarkedOutput {
  text = "";
  noise = "";
  begun = false;
  exitCode: number | undefined;
  private held = "";
  private readonly decoder = new StringDecoder("utf8");
  private readonly lines: LineSplitter;
  private readonly parts: string[] = [];
  private received = 0;

  constructor(
    private readonly nonce: string,
    /** In bytes, noise before and after the marks included. */
    private readonly maxBytes: number,
    onLine?: (line: string) => void,
  ) {
    this.lines = new LineSplitter(onLine);
  }

  get ended(): boolean {
    return this.exitCode !== undefined;
  }

  get tooLong(): boolean {
    return this.received > this.maxBytes;
  }

  push(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.ended || this.tooLong) return;
    this.held += this.decoder.write(chunk);
    if (!this.begun) this.findBegin();
    if (this.begun) this.findEnd();
  }

  /** No more will come. What could have been the start of a mark was text. */
  finish(): void {
    if (!this.begun) this.noise += this.held;
    else if (!this.ended) this.keep(this.held + this.decoder.end());
    this.held = "";
    this.lines.flush();
    this.text = this.parts.join("");
  }

  private findBegin(): void {
    const mark = beginMark(this.nonce);
    const at = this.held.indexOf(mark);
    this.begun = at >= 0;
    const noiseEnd = this.begun ? at : Math.max(0, this.held.length - mark.length);
    this.noise = (this.noise + this.held.slice(0, noiseEnd)).slice(-2_000);
    this.held = this.held.slice(this.begun ? at + mark.length : noiseEnd);
  }

  private findEnd(): void {
    const start = endMarkStart(this.nonce);
    const end = new RegExp(`${start}(\\d{1,3})\\n`).exec(this.held);
    if (end) {
      this.keep(this.held.slice(0, end.index));
      this.exitCode = Number(end[1]);
      this.held = "";
      this.finish();
      return;
    }
    // Only what may be the start of the mark waits for more: a progress line is passed on at once.
    const possible = this.held.lastIndexOf(start.charAt(0));
    const tail = possible < 0 ? "" : this.held.slice(possible);
    const waits = tail !== "" && (start.startsWith(tail) || new RegExp(`^${start}\\d{0,3}$`).test(tail));
    this.keep(waits ? this.held.slice(0, possible) : this.held);
    this.held = waits ? tail : "";
  }

  private keep(text: string): void {
    if (text === "") return;
    this.parts.push(text);
    this.lines.push(text);
  }
}

/** Both marks, for stdout and for stderr, as commands of a shell in which `$1` is the nonce. */
export const printBegin = String.raw`printf "\036%s begin\n" "$1"; printf "\036%s begin\n" "$1" >&2`;
export const printEnd = String.raw`printf "\036%s %d\n" "$1" "$code"; printf "\036%s %d\n" "$1" "$code" >&2`;

/**
 * The whole script is one compound command: sh has read all of it before it starts, so half a script never runs,
 * and its commands cannot eat the rest of it from stdin. The subshell keeps `exit` from skipping the last mark.
 */
export function wrapScript(script: string, nonce: string): string {
  return `set -- ${nonce}\n${printBegin}\n(\nshift\n${script}\n) </dev/null\ncode=$?\n${printEnd}\n`;
}

function beginMark(nonce: string): string {
  return `\x1e${nonce} begin\n`;
}

function endMarkStart(nonce: string): string {
  return `\x1e${nonce} `;
}
