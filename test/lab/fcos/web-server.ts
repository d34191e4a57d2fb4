import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/** Serves files by their names on 127.0.0.1, parts of them too, and remembers who asked for what. */
export class WebServer {
  /** `name bytes`, a line for each answer. */
  readonly served: string[] = [];
  private readonly files = new Map<string, string>();
  private readonly server = createServer((request, answer) => void this.answer(request, answer));

  static async start(): Promise<WebServer> {
    const web = new WebServer();
    web.server.listen(0, "127.0.0.1").unref();
    await once(web.server, "listening");
    return web;
  }

  /** Serves a file, and gives its address. */
  add(path: string): string {
    this.files.set(`/${basename(path)}`, path);
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${basename(path)}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = this.files.get(decodeURIComponent(request.url ?? ""));
    if (path === undefined) return void answer.writeHead(404).end("no such file\n");
    const { size } = await stat(path);
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(last ? Number(last) : size - 1, size - 1);
    this.served.push(`${basename(path)} ${end - start + 1}`);
    const part = { "content-length": end - start + 1, "accept-ranges": "bytes" };
    if (first === undefined) answer.writeHead(200, part);
    else if (start >= size) return void answer.writeHead(416, { "content-range": `bytes */${size}` }).end();
    else answer.writeHead(206, { ...part, "content-range": `bytes ${start}-${end}/${size}` });
    if (request.method === "HEAD") return void answer.end();
    createReadStream(path, { start, end })
      .on("error", () => answer.destroy())
      .pipe(answer);
  }
}
