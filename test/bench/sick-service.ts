import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A service that is never well, and knows when it was asked. */
export async function sickService(): Promise<{
  /** As machines reach it whose host this is. */
  url: string;
  askedAt(): number;
  close(): Promise<void>;
}> {
  let asked: number | undefined;
  const server = createServer((_request, response) => {
    asked ??= performance.now();
    response.writeHead(500).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://10.0.2.2:${(server.address() as AddressInfo).port}/`,
    askedAt: () => {
      if (asked === undefined) throw new Error("the machine never asked the service");
      return asked;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
