import { request } from "node:https";

export interface RegistryAccess {
  /** host:port. */
  address: string;
  username: string;
  password: string;
  /** PEM. */
  certificateAuthority: string;
}

export interface RegistryRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export interface RegistryAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** One request, with the registry's password: for what a test does behind the product's back. */
export function registryRequest(
  { address, username, password, certificateAuthority }: RegistryAccess,
  { method = "GET", path, headers = {}, body }: RegistryRequest,
): Promise<RegistryAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, `https://${address}`),
      {
        method,
        headers,
        auth: `${username}:${password}`,
        ca: certificateAuthority,
        agent: false,
        timeout: 30_000,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer to ${method} ${path} within 30 s`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
