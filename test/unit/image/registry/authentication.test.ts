import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { challengesOf } from "../../../../provider/image/registry/challenges";
import { Registry } from "../../../../provider/image/registry/client";
import { failureOf } from "../../support/fake-shell";
import { Authority } from "./authority";
import { basicOf, refuse, TestRegistry } from "./test-registry";

const [username, password] = ["bob", "correct horse"];
const right = basicOf(username, password);

let authority: Authority;
let server: TestRegistry;
let realm: TestRegistry;
let digest: string;
beforeAll(() => (authority = new Authority()));
afterAll(() => authority.remove());
beforeEach(async () => {
  process.env["REGISTRY_AUTH_FILE"] = "/nonexistent";
  const certificate = authority.certificate();
  [server, realm] = await Promise.all([
    new TestRegistry(certificate).listen(),
    new TestRegistry(certificate).listen(),
  ]);
  digest = server.putImage({}, "stable");
});
afterEach(async () => {
  delete process.env["REGISTRY_AUTH_FILE"];
  await Promise.all([server.stop(), realm.stop()]);
});

function registry(login: { username?: string; password?: string } = { username, password }): Registry {
  return new Registry(server.host, { ...login, certificateAuthority: authority.pem });
}

function wantsBasic(): void {
  server.handler = ({ headers }, response) =>
    headers.authorization !== right &&
    (refuse(response, 401, "UNAUTHORIZED", `authentication required, not ${String(headers.authorization)}`, {
      "www-authenticate": 'Basic realm="Registry Realm"',
    }),
    true);
}

/** A token for each scope, for the right login or for everybody. */
function wantsTokens({ forEverybody = false, scope = `repository:fcos/base:pull` } = {}): void {
  const challenge = `Bearer realm="https://${realm.host}/token?x=1",service="registry.test",scope="${scope}"`;
  server.handler = ({ headers, method }, response) => {
    const wanted = method === "GET" || method === "HEAD" ? "pull" : "push";
    if (headers.authorization === `Bearer token-${wanted}`) return false;
    refuse(response, 401, "UNAUTHORIZED", "authentication required", { "www-authenticate": challenge });
    return true;
  };
  realm.handler = ({ headers, url }, response) => {
    if (!forEverybody && headers.authorization !== right)
      return (refuse(response, 401, "UNAUTHORIZED", "incorrect username or password"), true);
    return !!response.end(JSON.stringify({ token: url?.includes("push") ? "token-push" : "token-pull" }));
  };
}

describe("Basic", () => {
  test("sent when it is asked for, and from then on at once", async () => {
    wantsBasic();
    const one = registry();
    expect(await one.digestOf("fcos/base", "stable")).toBe(digest);
    expect(await one.digestOf("fcos/base", digest)).toBe(digest);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([undefined, right, right]);
  });

  test("a wrong password: who, what for, what next, and no password in it although the registry repeats it", async () => {
    wantsBasic();
    const error = await failureOf(() =>
      registry({ username, password: "wrong one" }).manifest("fcos/base", digest),
    );
    expect(error.text()).toBe(
      `${server.host} does not let user "bob" pull fcos/base [login-refused]\n` +
        "  expected: a user who may pull it, and the right password\n" +
        "  seen:     HTTP 401, UNAUTHORIZED: authentication required, not Basic ***\n" +
        "  next:     correct registry.username and registry.password, or give the user the right to pull fcos/base",
    );
  });

  test("nor where the registry fails after the login", async () => {
    wantsBasic();
    const strict = server.handler;
    server.handler = (request, response) =>
      strict(request, response) ||
      (refuse(response, 500, "UNKNOWN", `${password}, ${String(request.headers.authorization)}`), true);
    const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
    expect(error.details.seen).toBe("HTTP 500, UNKNOWN: ***, Basic ***");
  });

  test("the right password of a user who may not do it", async () => {
    wantsBasic();
    const strict = server.handler;
    server.handler = (request, response) =>
      strict(request, response) || (refuse(response, 403, "DENIED", "requested access is denied"), true);
    const error = await failureOf(() => registry().tag("fcos/base", digest, "new"));
    expect([error.code, error.details.next]).toEqual([
      "login-refused",
      "give the user the right to pull fcos/base, or name another one in registry.username",
    ]);
  });

  test("no login: which properties, and which command", async () => {
    wantsBasic();
    const error = await failureOf(() => registry({}).digestOf("fcos/base", "stable"));
    expect(error.details).toMatchObject({
      what: `${server.host} does not let anybody without a login pull fcos/base`,
      next: `give registry.username and registry.password, or run podman login ${server.host}`,
    });
  });

  test("the login that podman keeps on this machine", async () => {
    wantsBasic();
    const folder = mkdtempSync(join(tmpdir(), "stored-login-"));
    const file = join(folder, "auth.json");
    writeFileSync(file, JSON.stringify({ auths: { [server.host]: { auth: right.slice("Basic ".length) } } }));
    process.env["REGISTRY_AUTH_FILE"] = file;
    expect(await registry({}).digestOf("fcos/base", "stable")).toBe(digest);
    rmSync(folder, { recursive: true });
  });
});

describe("Bearer", () => {
  test("the login goes to the token service, the token to the registry, each once", async () => {
    wantsTokens();
    const one = registry();
    expect(await one.digestOf("fcos/base", "stable")).toBe(digest);
    expect(await one.digestOf("fcos/base", digest)).toBe(digest);
    expect(realm.seen).toEqual([
      {
        method: "GET",
        path: "/token?x=1&service=registry.test&scope=repository%3Afcos%2Fbase%3Apull",
        authorization: right,
      },
    ]);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([
      undefined,
      "Bearer token-pull",
      "Bearer token-pull",
    ]);
  });

  test("without a login, where everybody gets a token", async () => {
    wantsTokens({ forEverybody: true });
    expect(await registry({}).digestOf("fcos/base", "stable")).toBe(digest);
    expect(realm.seen[0]?.authorization).toBeUndefined();
  });

  test("writing has a token of its own; the scope is ours where the registry names none", async () => {
    wantsTokens({ scope: "" });
    await registry().tag("fcos/base", digest, "new");
    expect(realm.seen.map(({ path }) => /scope=(.*)/.exec(path)?.[1])).toEqual([
      "repository%3Afcos%2Fbase%3Apull",
      "repository%3Afcos%2Fbase%3Apull%2Cpush",
    ]);
    expect(server.seen.map(({ method, authorization }) => [method, authorization])).toEqual([
      ["GET", undefined],
      ["GET", "Bearer token-pull"],
      ["PUT", undefined],
      ["PUT", "Bearer token-push"],
    ]);
  });

  test("a token that has run out is asked for anew", async () => {
    wantsTokens();
    const one = registry();
    await one.digestOf("fcos/base", "stable");
    const strict = server.handler;
    let hasRunOut = true;
    server.handler = (request, response) => {
      if (!hasRunOut) return strict(request, response);
      hasRunOut = false;
      const challenge = `Bearer realm="https://${realm.host}/token",scope="repository:fcos/base:pull"`;
      return (
        refuse(response, 401, "UNAUTHORIZED", "token expired", { "www-authenticate": challenge }),
        true
      );
    };
    expect(await one.digestOf("fcos/base", "stable")).toBe(digest);
    expect(realm.seen).toHaveLength(2);
  });

  test.each([401, 403])("a wrong password: the token service says %d", async (status) => {
    wantsTokens();
    realm.handler = (_, response) => (refuse(response, status, "DENIED", "denied"), true);
    const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
    expect(error.code).toBe("login-refused");
    expect(error.details.next).toMatch(/^correct registry.username and registry.password, or give the user/);
  });

  test("a right login that may not do it", async () => {
    wantsTokens();
    server.handler = ({ headers }, response) => {
      const challenge = `Bearer realm="https://${realm.host}/token",scope="repository:fcos/base:pull"`;
      const status = headers.authorization === undefined ? 401 : 403;
      return (refuse(response, status, "DENIED", "denied", { "www-authenticate": challenge }), true);
    };
    const error = await failureOf(() => registry().delete("fcos/base", digest));
    expect([error.code, error.details.next]).toEqual([
      "login-refused",
      "give the user the right to delete fcos/base, or name another one in registry.username",
    ]);
  });

  test("a token service without TLS gets no login", async () => {
    const challenge = `Bearer realm="http://${realm.host}/token"`;
    server.handler = (_, response) => (
      refuse(response, 401, "x", "y", { "www-authenticate": challenge }),
      true
    );
    const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
    expect([error.code, error.details.what]).toEqual([
      "registry-failed",
      expect.stringContaining("no login was sent"),
    ]);
    expect(realm.seen).toEqual([]);
  });

  test.each(["{}", "no JSON", '{"token":"two\\nlines"}'])("a token service that says %s", async (answer) => {
    wantsTokens();
    realm.handler = (_, response) => !!response.end(answer);
    const error = await failureOf(() => registry().digestOf("fcos/base", "stable"));
    expect(error.details.what).toBe(`the token service ${realm.host} gives no token for ${server.host}`);
  });
});

test.each<[string, object[]]>([
  ["Basic", [{ scheme: "basic", realm: "" }]],
  ['basic realm="a, Bearer b"', [{ scheme: "basic", realm: "a, Bearer b" }]],
  [
    'Bearer realm="https://a/t",service=s,scope="repository:x:pull,push"',
    [{ scheme: "bearer", realm: "https://a/t", service: "s", scope: "repository:x:pull,push" }],
  ],
  [
    'Negotiate, Basic realm="x", Bearer realm="https://a/\\"t"',
    [
      { scheme: "basic", realm: "x" },
      { scheme: "bearer", realm: 'https://a/"t' },
    ],
  ],
  ["Negotiate", []],
  ["", []],
])("the challenges of %j", (header, found) => {
  expect(challengesOf(header)).toEqual(found.map((one) => ({ service: "", scope: "", ...one })));
});
