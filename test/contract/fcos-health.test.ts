// Health checks of every kind, run by the machine's own sh, bash and curl against real ports.
import { createServer as createHttp } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { newImage } from "./fcos-parts";
import { drivers, FcosStage, newKernel } from "./fcos-stage";
import type { Props } from "./provider-process";
import { done, failed, parseError } from "./support";

const stage = new FcosStage();
const impatient = { retries: 1, intervalSeconds: 1, deadlineSeconds: 5 };
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const accepting = (): Server => createServer((socket) => socket.end());
const answering = (status: number): Server =>
  createHttp((_, response) => response.writeHead(status, { connection: "close" }).end("fine\n"));

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = accepting();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  servers.splice(servers.indexOf(server), 1);
  return port;
}

test.each(drivers)("%s: all kinds at once, and the row says that they passed", async (driver) => {
  const healthChecks = {
    command: { command: "test -e /run/ostree-booted", ...impatient },
    unit: { unit: "web.service", ...impatient },
    tcp: { tcp: { port: await listening(accepting()) }, ...impatient },
    http: {
      http: { url: `http://127.0.0.1:${await listening(answering(204))}/live`, status: 204 },
      ...impatient,
    },
  };
  const { news } = await stage.declared({ driver }, { healthChecks });
  done(await stage.provider.create(news));
  expect(stage.said(news).find((line) => line.startsWith("confirm:"))).toBeDefined();
});

const sick: [string, () => Promise<Props>, RegExp][] = [
  ["a command", () => Promise.resolve({ command: "echo the disk is red; exit 3" }), /3/],
  ["a unit", () => Promise.resolve({ unit: "nothing.service" }), /nothing\.service/],
  ["a port", async () => ({ tcp: { port: await closedPort() } }), /\d{4}/],
  [
    "a page with another status",
    async () => ({ http: { url: `http://127.0.0.1:${await listening(answering(503))}/` } }),
    /503/,
  ],
  [
    "a page that is not there",
    async () => ({ http: { url: `http://127.0.0.1:${await closedPort()}/` } }),
    /127\.0\.0\.1/,
  ],
  ["a command that hangs", () => Promise.resolve({ command: "sleep 600", deadlineSeconds: 1 }), /1 s/],
];

test.each(sick)("%s: the error names the check, and what was seen", async (_, check, words) => {
  const { machine, old, news } = await stage.declared(
    {},
    { healthChecks: { front: { ...impatient, ...(await check()) } } },
  );
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({
    phase: "confirm",
    code: "unhealthy",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("front");
  expect(message).toMatch(words);
  expect(machine.bootedDeployment.image.digest).toBe(old.digest);
});

test("a check that passes at a later try is healthy", async () => {
  const healthChecks = {
    late: {
      command: "n=$(cat /var/tries 2>/dev/null); echo x$n > /var/tries; [ ${#n} -ge 2 ]",
      retries: 5,
      intervalSeconds: 1,
    },
  };
  const { machine, news } = await stage.declared({}, { healthChecks });
  done(await stage.provider.create(news));
  expect(machine.root.read("var/tries").trim().length).toBeGreaterThan(2);
});

test("every check that fails is named", async () => {
  const healthChecks = {
    one: { command: "exit 1", ...impatient },
    two: { unit: "nothing.service", ...impatient },
    fine: { command: "true", ...impatient },
  };
  const { news } = await stage.declared({}, { healthChecks }, newImage(newKernel));
  const { message } = failed(await stage.provider.create(news));
  expect(message).toMatch(/one/);
  expect(message).toMatch(/two/);
  expect(message).not.toMatch(/\bfine\b/);
});

test("a plain up of a machine that is right asks for its health, and changes nothing when it is sick", async () => {
  const healthChecks = { web: { unit: "web.service", ...impatient } };
  const { machine, news, props } = await stage.deployed({}, { healthChecks });
  machine.units.set("web.service", "failed");
  const { message } = failed(await stage.provider.update("web", props, news));
  expect(parseError(message)).toMatchObject({ phase: "confirm", code: "unhealthy" });
  expect(machine.did(/reboot|rollback|rebase/)).toEqual([]);
});
