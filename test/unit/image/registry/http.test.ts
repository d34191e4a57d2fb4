import { createServer, type AddressInfo, type Socket } from "node:net";
import { Registry } from "../../../../provider/image/registry/client";
import { failureOf } from "../../support/fake-shell";
import { Authority, type Certificate } from "./authority";
import { TestRegistry } from "./test-registry";

let authority: Authority;
beforeAll(() => (authority = new Authority()));
afterAll(() => authority.remove());

const servers: { stop(): Promise<void> }[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

async function serve(certificate = authority.certificate()): Promise<TestRegistry> {
  const server = await new TestRegistry(certificate).listen();
  servers.push(server);
  return server;
}

/** Something that listens and is no HTTPS server. */
async function listenTo(onConnection: (socket: Socket) => unknown): Promise<string> {
  const server = createServer().on("connection", onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function failure(host: string, pem: string | undefined = authority.pem, options = {}) {
  const registry = new Registry(host, { certificateAuthority: pem }, options);
  return failureOf(() => registry.digestOf("fcos/base", "stable"));
}

describe("nobody answers: unreachable, which says nothing of the image", () => {
  test("nobody listens", async () => {
    const server = await serve();
    const { host } = server;
    await server.stop();
    servers.pop();
    const error = await failure(host);
    expect(error.text()).toBe(
      `the registry ${host} cannot be reached: the connection was refused [unreachable]\n` +
        "  next:     look whether it runs, and at its address in registry; then run pulumi up again",
    );
  });

  test("its name is not resolved", async () => {
    const error = await failure("registry.invalid");
    expect([error.code, error.details.what]).toEqual([
      "unreachable",
      expect.stringMatching(/its name is not resolved/),
    ]);
  });

  test("silence ends with the deadline", async () => {
    const server = await serve();
    server.handler = () => true;
    const error = await failure(server.host, authority.pem, { deadlineSeconds: 0.3 });
    expect([error.code, error.details.what]).toEqual([
      "unreachable",
      expect.stringContaining("no whole answer within 0.3 s"),
    ]);
  });

  test("an answer that never ends, too", async () => {
    const server = await serve();
    server.handler = ({ method }, response) =>
      method === "HEAD" ? !!response.writeHead(200).end() : !!response.writeHead(200).write("{");
    const error = await failure(server.host, authority.pem, { deadlineSeconds: 0.5 });
    expect(error.details.what).toContain("no whole answer within 0.5 s");
  });

  test("a connection that breaks is tried once more, and then an error", async () => {
    const server = await serve();
    const digest = server.putImage({}, "stable");
    let breaks = 1;
    server.handler = ({ socket }) => breaks-- > 0 && !!socket.destroy();
    const registry = new Registry(server.host, { certificateAuthority: authority.pem });
    expect(await registry.digestOf("fcos/base", "stable")).toBe(digest);
    breaks = 100;
    server.seen.length = 0;
    expect((await failure(server.host)).details.what).toMatch(/the connection was reset$/);
    expect(server.seen).toHaveLength(2);
  });
});

describe("somebody answers who cannot be trusted", () => {
  test.each<[string, (certificate: Certificate) => Certificate]>([
    ["that is not shown", (certificate) => certificate],
    ["that is shown", ({ key, cert }) => ({ key, cert: cert + authority.pem })],
    ["that is the server itself", () => authority.own],
  ])("an unknown authority %s: give it", async (_, shown) => {
    const { host } = await serve(shown(authority.certificate()));
    const error = await failureOf(() =>
      new Registry(host, {}, { property: "base" }).digestOf("fcos/base", "x"),
    );
    expect(error.code).toBe("registry-failed");
    expect(error.details).toMatchObject({
      what: `${host}: its certificate is signed by an authority that is not known here`,
      expected: "a public authority",
      next: "give the authority's certificate as base.certificateAuthority",
    });
  });

  test("another authority than the given one", async () => {
    const [other, { host }] = [new Authority("another one"), await serve()];
    expect((await failure(host, other.pem)).details.expected).toContain(
      "the one in registry.certificateAuthority",
    );
    other.remove();
  });

  test.each([
    ["for another name", "DNS:registry.example", "2", /its certificate is for other names/],
    ["that has run out", "IP:127.0.0.1", "0", /out of its time/],
  ])("a certificate %s", async (_, names, days, what) => {
    const { host } = await serve(authority.certificate(names, days));
    const error = await failure(host);
    expect([error.code, error.details.what]).toEqual(["registry-failed", expect.stringMatching(what)]);
  });

  test("plain http: not spoken", async () => {
    const host = await listenTo((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    expect((await failure(host)).details).toMatchObject({
      what: `${host}: it speaks no TLS`,
      next: expect.stringContaining("plain http is not spoken"),
    });
  });

  test.each(["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])(
    "an authority that is none: %j",
    async (pem) => {
      const { host } = await serve();
      const error = await failure(host, pem);
      expect([error.code, error.details.what]).toEqual([
        "bad-input",
        expect.stringMatching(/^registry\.certificateAuthority: must be certificates/),
      ]);
    },
  );
});

describe("redirects", () => {
  const login = { username: "bob", password: "secret" };

  test("blobs lie elsewhere: no login goes there", async () => {
    const [front, storage] = [await serve(), await serve()];
    const image = { architecture: "amd64", os: "linux" };
    const digest = front.putImage(image);
    storage.putImage(image);
    front.handler = ({ url, headers }, response) => {
      if (headers.authorization === undefined)
        return !!response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      if (!url?.includes("/blobs/")) return false;
      return !!response.writeHead(307, { location: `https://${storage.host}${url}?signature=1` }).end();
    };
    storage.handler = (request) => {
      request.url = request.url?.replace("?signature=1", "") ?? "";
      return false;
    };
    const registry = new Registry(front.host, { ...login, certificateAuthority: authority.pem });
    expect(await registry.config("fcos/base", digest, "linux/amd64")).toMatchObject({
      architecture: "amd64",
    });
    expect(front.seen.some(({ authorization }) => authorization !== undefined)).toBe(true);
    expect(storage.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test.each<[string, string, RegExp, number]>([
    ["to plain http", "http://127.0.0.1:1/x", /an address that is not https/, 1],
    ["to nothing", "http://[", /an address that is not https/, 1],
    ["without end", "/v2/fcos/base/manifests/stable", /more than 5 times/, 6],
  ])("%s", async (_, location, what, asked) => {
    const server = await serve();
    server.handler = (_request, response) => !!response.writeHead(302, { location }).end();
    const error = await failure(server.host);
    expect([error.code, error.details.what]).toEqual(["registry-failed", expect.stringMatching(what)]);
    expect(server.seen).toHaveLength(asked);
  });
});
