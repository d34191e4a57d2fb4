// A stand-in for another machine: an ssh server with a key of its own, where our machine should answer.
import { once } from "node:events";
import { Server, utils } from "ssh2";

/** Stand-in for a machine that took over an address: an ssh server with a host key of its own that lets nobody in. */
export async function otherMachine(port: number): Promise<{ stop(): Promise<void> }> {
  const hostKey = utils.generateKeyPairSync("ed25519").private;
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => attempt.reject());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    stop: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
