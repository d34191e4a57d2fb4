// A real HTTP server on 127.0.0.1 for one file, that can do what broken servers do.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "./until";

export interface ServerFaults {
  /** Answers every question with the whole file. */
  ignoresRange?: boolean;
  /** Knows no part. */
  refusesRange?: boolean;
  /** The connection breaks after so many bytes of an answer, so many times, when so much of the file has arrived. */
  breaks?: { afterBytes: number; times: number; arrived: (bytes: number) => boolean };
  /** Says nothing more after so many bytes. */
  stallsAfterBytes?: number;
  status?: number;
}

export class FileServer {
  /** The Range header of every question. */
  readonly asked: string[] = [];
  faults: ServerFaults = {};
  private readonly server = createServer((request, response) => this.answer(request, response));

  constructor(public content: Buffer) {}

  listen(): Promise<this> {
    return new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve(this)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/bundle.tar.gz`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    const { faults, content } = this;
    this.asked.push(range ?? "");
    if (faults.status !== undefined) return void response.writeHead(faults.status).end();
    const asked = faults.ignoresRange ? null : /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
    const from = Number(asked?.[1] ?? 0);
    const to = asked?.[2] ? Number(asked[2]) + 1 : content.length;
    if (from > 0 && (faults.refusesRange || from >= content.length))
      return void response.writeHead(416).end();
    const part = content.subarray(from, to);
    const total = content.length;
    response.writeHead(asked ? 206 : 200, {
      "content-length": part.length,
      ...(asked ? { "content-range": `bytes ${from}-${from + part.length - 1}/${total}` } : {}),
    });
    if (faults.breaks && faults.breaks.times-- > 0) {
      const { afterBytes, arrived } = faults.breaks;
      response.write(part.subarray(0, afterBytes));
      void until("what was sent has arrived", () => arrived(from + afterBytes))
        .catch(() => undefined)
        .finally(() => response.destroy());
    } else if (faults.stallsAfterBytes !== undefined) {
      response.write(part.subarray(0, faults.stallsAfterBytes));
    } else {
      response.end(part);
    }
  }
}
