import type { ServerResponse } from "node:http";
import { Registry } from "../../../../provider/image/registry/client";
import { failureOf } from "../../support/fake-shell";
import { Authority } from "./authority";
import { digestOf, refuse, TestRegistry } from "./test-registry";

const absent = `sha256:${"0".repeat(64)}`;
const config = { architecture: "amd64", os: "linux", config: { Labels: { "ostree.linux": "6.1.0-56" } } };

let authority: Authority;
let server: TestRegistry;
beforeAll(() => (authority = new Authority()));
afterAll(() => authority.remove());
beforeEach(async () => {
  process.env["REGISTRY_AUTH_FILE"] = "/nonexistent";
  server = await new TestRegistry(authority.certificate()).listen();
});
afterEach(async () => {
  delete process.env["REGISTRY_AUTH_FILE"];
  await server.stop();
});

function registry(): Registry {
  return new Registry(server.host, { certificateAuthority: authority.pem });
}

const asked = (): string[] => server.seen.map(({ method, path }) => `${method} ${path}`);

describe("digestOf", () => {
  test("a tag is asked once, by HEAD, and without a login that nobody asked for", async () => {
    const digest = server.putImage(config, "stable");
    const withLogin = new Registry(server.host, {
      certificateAuthority: authority.pem,
      username: "bob",
      password: "secret",
    });
    expect(await withLogin.digestOf("fcos/base", "stable")).toBe(digest);
    expect(server.seen).toEqual([
      { method: "HEAD", path: "/v2/fcos/base/manifests/stable", authorization: undefined },
    ]);
  });

  test("a digest that is there, and one that the registry does not know", async () => {
    const digest = server.putImage(config);
    expect(await registry().digestOf("fcos/base", digest)).toBe(digest);
    expect(await registry().digestOf("fcos/base", absent)).toBeUndefined();
    expect(await registry().digestOf("fcos/base", "no-such-tag")).toBeUndefined();
  });

  test("a registry that names no digest: it is computed from what it sends", async () => {
    const digest = server.putImage(config, "stable");
    server.handler = (request, response) => request.method === "HEAD" && !!response.writeHead(200).end();
    expect(await registry().digestOf("fcos/base", "stable")).toBe(digest);
  });

  test("a digest that is answered with another one is looked at itself", async () => {
    const digest = server.putImage(config);
    server.handler = ({ method }, response) =>
      method === "HEAD" && !!response.writeHead(200, { "docker-content-digest": absent }).end();
    expect(await registry().digestOf("fcos/base", digest)).toBe(digest);
  });

  test("a web server that is no registry has nothing to say of the image", async () => {
    server.handler = (_, response) => !!response.writeHead(404).end("<html>404 page not found</html>");
    const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
    expect(error.code).toBe("registry-failed");
    expect(error.details).toMatchObject({ seen: "HTTP 404", next: expect.stringContaining("not as one") });
  });
});

describe("manifest and config", () => {
  test("the bytes as they are, with their type; undefined for what is not there", async () => {
    const digest = server.putImage(config);
    const manifest = await registry().manifest("fcos/base", digest);
    expect(manifest?.mediaType).toBe("application/vnd.oci.image.manifest.v1+json");
    expect(digestOf(manifest?.bytes ?? "")).toBe(digest);
    expect(await registry().manifest("fcos/base", absent)).toBeUndefined();
  });

  test("bytes with another digest are refused", async () => {
    const digest = server.putImage(config);
    server.content.set(`manifests/${digest}`, { type: "x", bytes: Buffer.from("{}") });
    const error = await failureOf(() => registry().manifest("fcos/base", digest));
    expect(error.code).toBe("registry-failed");
    expect(error.details).toMatchObject({ expected: digest, seen: digestOf("{}") });
  });

  test("labels and architecture of a plain image", async () => {
    const digest = server.putImage(config);
    expect(await registry().config("fcos/base", digest, "linux/amd64")).toEqual({
      architecture: "amd64",
      os: "linux",
      labels: { "ostree.linux": "6.1.0-56" },
    });
    expect(await registry().config("fcos/base", absent, "linux/amd64")).toBeUndefined();
  });

  test("of several platforms, the one that is asked for; or which there are", async () => {
    const [amd64, arm64] = [server.putImage(config), server.putImage({ ...config, architecture: "arm64" })];
    const manifests = [
      { digest: amd64, platform: { os: "linux", architecture: "amd64" } },
      { digest: arm64, platform: { os: "linux", architecture: "arm64" } },
    ];
    const list = server.put("manifests", { manifests });
    const short = server.put("manifests", { manifests: manifests.slice(0, 1) });
    expect(await registry().config("fcos/base", list, "linux/arm64")).toMatchObject({
      architecture: "arm64",
    });
    const error = await failureOf(() => registry().config("fcos/base", short, "linux/arm64"));
    expect(error).toMatchObject({
      code: "bad-input",
      details: { expected: "linux/arm64", seen: "linux/amd64" },
    });
  });

  test("an image without labels has none", async () => {
    const digest = server.putImage({ architecture: "amd64", os: "linux", config: { Labels: null } });
    expect((await registry().config("fcos/base", digest, "linux/amd64"))?.labels).toEqual({});
  });

  test("an answer without end is not taken into memory", async () => {
    server.handler = (_, response) => !!response.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024));
    const error = await failureOf(() => registry().manifest("fcos/base", absent));
    expect(error.text()).toContain("more than 4.0 MiB");
  });
});

describe("tag", () => {
  test("the same bytes and type under another name", async () => {
    const digest = server.putImage(config);
    await registry().tag("fcos/base", digest, "stable");
    expect(server.content.get("manifests/stable")).toEqual(server.content.get(`manifests/${digest}`));
  });

  test("of what is not there, or is not allowed", async () => {
    expect((await failureOf(() => registry().tag("fcos/base", absent, "x"))).details.seen).toBe(
      "it is not there",
    );
    const digest = server.putImage(config);
    server.handler = ({ method }, response) =>
      method === "PUT" && (refuse(response, 400, "TAG_INVALID", "tags are immutable"), true);
    const error = await failureOf(() => registry().tag("fcos/base", digest, "stable"));
    expect(error.details.what).toContain(`${digest} could not be tagged "stable"`);
    expect(error.details.seen).toBe("HTTP 400, TAG_INVALID: tags are immutable");
  });

  test("a broken connection is no reason to write twice", async () => {
    const digest = server.putImage(config);
    server.handler = ({ method, socket }) => method === "PUT" && !!socket.destroy();
    expect((await failureOf(() => registry().tag("fcos/base", digest, "x"))).code).toBe("unreachable");
    expect(asked().filter((line) => line.startsWith("PUT"))).toHaveLength(1);
  });
});

describe("the right to push", () => {
  const uploads = "/v2/fcos/base/blobs/uploads/";

  test("is what a place for an upload shows, which is given back", async () => {
    await registry().requirePush("fcos/base");
    expect(asked()).toEqual([`POST ${uploads}`, `DELETE ${uploads}1b671a64`]);
  });

  test.each([
    ["no answer", (response: ServerResponse) => response.destroy()],
    ["a refusal", (response: ServerResponse) => refuse(response, 401, "UNAUTHORIZED", "no deletes")],
  ])("a place that is not taken back is no error: %s", async (_, answer) => {
    server.handler = ({ method }, response) => method === "DELETE" && (answer(response), true);
    await registry().requirePush("fcos/base");
    expect(asked()[1]).toBe(`DELETE ${uploads}1b671a64`);
  });

  test("the login goes to no other address that the place may be at", async () => {
    server.handler = (_, response) =>
      !!response.writeHead(202, { location: "https://storage.example.org/x" }).end();
    await registry().requirePush("fcos/base");
    expect(asked()).toEqual([`POST ${uploads}`]);
  });

  test("a user who may only read is refused", async () => {
    server.handler = ({ method }, response) =>
      method === "POST" && (refuse(response, 403, "DENIED", "requested access is denied"), true);
    const error = await failureOf(() => registry().requirePush("fcos/base"));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain("push fcos/base");
  });

  test.each([
    [404, "NAME_UNKNOWN", /^create the repository/],
    [405, "UNSUPPORTED", /^look at the registry/],
  ])("a registry that would take no push: HTTP %d", async (status, code, next) => {
    server.handler = (_, response) => (refuse(response, status, code, "told"), true);
    const error = await failureOf(() => registry().requirePush("fcos/base"));
    expect(error.code).toBe("registry-failed");
    expect(error.details.what).toMatch(/fcos\/base takes no push$/);
    expect(error.details.next).toMatch(next);
  });
});

describe("delete", () => {
  test("what is there, and what is not", async () => {
    const digest = server.putImage(config);
    expect(await registry().delete("fcos/base", digest)).toBe("deleted");
    expect(await registry().delete("fcos/base", digest)).toBe("not there");
    expect(asked()).toEqual([1, 2].map(() => `DELETE /v2/fcos/base/manifests/${digest}`));
  });

  test("a registry that forbids it: what to switch on", async () => {
    server.handler = (_, response) => (
      refuse(response, 405, "UNSUPPORTED", "The operation is unsupported."),
      true
    );
    const error = await failureOf(() => registry().delete("fcos/base", absent));
    expect(error.code).toBe("registry-failed");
    expect(error.details.what).toMatch(/allows no deletes$/);
    expect(error.details.next).toContain("REGISTRY_STORAGE_DELETE_ENABLED=true");
  });
});

test.each<[number, string, RegExp, RegExp]>([
  [429, "TOOMANYREQUESTS", /^HTTP 429 \(Retry-After: 30\), TOOMANYREQUESTS: told/, /^wait 30 s/],
  [503, "UNAVAILABLE", /^HTTP 503 .*UNAVAILABLE: told/, /registry's own log/],
])("HTTP %d", async (status, code, seen, next) => {
  server.handler = (_, response) => (refuse(response, status, code, "told", { "retry-after": "30" }), true);
  const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
  expect(error.code).toBe("registry-failed");
  expect(error.details.seen).toMatch(seen);
  expect(error.details.next).toMatch(next);
});
