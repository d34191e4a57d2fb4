import type { HostError } from "../core/errors";
import type { Inputs } from "./inputs";
import type { Row } from "./row";
import { plainState } from "./state";

export interface CheckResult {
  inputs: Inputs;
  failures: { property: string; reason: string }[];
}

/** A named property would make the engine print its value, which may hold a secret: the reason names it instead. */
export function checkResult(inputs: Inputs, problems: readonly string[]): Promise<CheckResult> {
  return Promise.resolve({ inputs, failures: problems.map((reason) => ({ property: "", reason })) });
}

/** Nothing lasting happened: a plain error, and nothing new in the state. */
export function failure(error: HostError | undefined, row: Row): Error {
  return stackless(messageOf(error, row));
}

/** What was learned is kept. Without `__provider` the resource could never be refreshed or deleted again. */
export function partialFailure(
  id: string,
  state: object,
  error: HostError | undefined,
  news: Inputs,
  row: Row,
): Error {
  const message = messageOf(error, row);
  return Object.assign(stackless(message), {
    id,
    properties: { ...plainState(state), __provider: news["__provider"] },
    reasons: [message],
  });
}

/** An error of `diff` or `delete`: the server prints `${error}: ${error.stack}`, the engine prints the message. */
export class Refusal extends Error {
  constructor(error: HostError) {
    super(error.text());
    this.stack = "";
  }
  override toString(): string {
    return "refused";
  }
}

function messageOf(error: HostError | undefined, row: Row): string {
  if (error === undefined) return "the run ended without a result";
  const log = error.details.log === undefined ? row.fullLog() : "";
  const message = row.clean(error.text()) + (log === "" ? "" : `\n  log:\n${log.replaceAll(/^/gm, "    ")}`);
  if (Buffer.byteLength(message) <= longestMessageBytes) return message;
  row.lasting(`the whole log:\n${row.fullLog()}`);
  return shortened(message);
}

/**
 * An error travels in a header of at most 64 KiB, which holds the message three times and the state, percent-encoded
 * or in base64. What is larger breaks the call itself, and the state that it carries is lost.
 */
const longestMessageBytes = 8_000;
const longestLineCharacters = 400;

function shortened(message: string): string {
  const lines = message
    .split("\n")
    .map((line) => (line.length > longestLineCharacters ? `${line.slice(0, longestLineCharacters)}…` : line));
  const head = linesWithin(lines, 3_000);
  const tail = linesWithin(lines.slice(head.length).reverse(), longestMessageBytes - 3_100).reverse();
  return [...head, "    … (the whole log stands in a message of its own)", ...tail].join("\n");
}

function linesWithin(lines: readonly string[], maxBytes: number): string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > maxBytes);
  return lines.slice(0, end < 0 ? lines.length : end);
}

function stackless(message: string): Error {
  const error = new Error(message);
  error.stack = "";
  return error;
}
