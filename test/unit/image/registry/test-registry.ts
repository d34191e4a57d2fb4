// A stand-in for a registry: HTTPS in this process, manifests in memory, and what broken or strict registries do.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./authority";

export interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => boolean | void;

const manifestType = "application/vnd.oci.image.manifest.v1+json";

export class TestRegistry {
  readonly seen: Seen[] = [];
  /** `manifests/latest`, `blobs/sha256:…` of the repository `fcos/base`. */
  readonly content = new Map<string, { type: string; bytes: Buffer }>();
  /** Looks at each request first; it is done when it says true. */
  handler: Handler = () => false;
  private readonly server;

  constructor(certificate: Certificate) {
    this.server = createServer(certificate, (request, response) => {
      const { method = "", url = "", headers } = request;
      this.seen.push({ method, path: url, authorization: headers.authorization });
      if (!this.handler(request, response)) void this.answer(request, response);
    });
  }

  listen(): Promise<this> {
    return new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve(this)));
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  /** Puts a manifest or a blob there, and gives its digest. */
  put(kind: "manifests" | "blobs", content: object, tag?: string, type = manifestType): string {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    for (const name of [digest, ...(tag ? [tag] : [])]) this.content.set(`${kind}/${name}`, { type, bytes });
    return digest;
  }

  /** An image with a configuration, as it is pushed. */
  putImage(config: object, tag?: string): string {
    const digest = this.put("blobs", config);
    return this.put("manifests", { schemaVersion: 2, config: { digest } }, tag);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request;
    const name = (request.url ?? "").replace("/v2/fcos/base/", "");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (method === "PUT") {
      this.content.set(name, { type: String(request.headers["content-type"]), bytes: Buffer.concat(chunks) });
      return void response.writeHead(201).end();
    }
    if (name.endsWith("/uploads/")) {
      const location = `${request.url}1b671a64`;
      return void response.writeHead(method === "POST" ? 202 : 404, { location }).end();
    }
    if (name.includes("/uploads/")) return void response.writeHead(204).end();
    const found = this.content.get(name);
    if (found === undefined) return refuse(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    if (method === "DELETE") {
      this.content.delete(name);
      return void response.writeHead(202).end();
    }
    response.writeHead(200, { "content-type": found.type, "docker-content-digest": digestOf(found.bytes) });
    response.end(method === "HEAD" ? undefined : found.bytes);
  }
}

export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

export function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
