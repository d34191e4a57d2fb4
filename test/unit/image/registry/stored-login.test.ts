import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { storedLogin, withStoredLogin } from "../../../../provider/image/registry/stored-login";

const before = { ...process.env };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stored-login-"));
  delete process.env["REGISTRY_AUTH_FILE"];
  process.env["XDG_RUNTIME_DIR"] = join(folder, "run");
  process.env["XDG_CONFIG_HOME"] = join(folder, "config");
  process.env["DOCKER_CONFIG"] = join(folder, "docker");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.env = { ...before };
});

function leave(file: string, content: object | string): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function auth(user: string, password = "pass:word"): { auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString("base64") };
}

const place = { registry: "quay.io", repository: "org/team/image" };

test("nothing is stored", async () => expect(await storedLogin(place)).toEqual({ unread: [] }));

test.each(["run/containers/auth.json", "config/containers/auth.json", "docker/config.json"])(
  "%s",
  async (file) => {
    const path = leave(file, { auths: { "quay.io": auth("bob") } });
    expect((await storedLogin(place)).login).toEqual({ username: "bob", password: "pass:word", file: path });
  },
);

test("the first file that knows the registry; a named one is the only one", async () => {
  leave("docker/config.json", { auths: { "quay.io": auth("docker") } });
  leave("config/containers/auth.json", { auths: { "quay.io": auth("config") } });
  leave("run/containers/auth.json", { auths: { "other.io": auth("run") } });
  expect((await storedLogin(place)).login?.username).toBe("config");
  process.env["REGISTRY_AUTH_FILE"] = leave("named.json", { auths: {} });
  expect(await storedLogin(place)).toEqual({ unread: [] });
});

test("the longest key wins, and another repository's does not count", async () => {
  const auths = { "quay.io": auth("all"), "quay.io/org": auth("org"), "quay.io/org/tea": auth("other") };
  leave("docker/config.json", { auths });
  expect((await storedLogin(place)).login?.username).toBe("org");
  expect((await storedLogin({ ...place, repository: "x" })).login?.username).toBe("all");
});

test("Docker Hub stands under its old address", async () => {
  leave("docker/config.json", { auths: { "https://index.docker.io/v1/": auth("bob") } });
  const hub = { registry: "docker.io", repository: "library/fedora" };
  expect((await storedLogin(hub)).login?.username).toBe("bob");
});

test.each<[string, object | string, RegExp[]]>([
  [
    "a helper for all",
    { auths: { "quay.io": {} }, credsStore: "pass" },
    [/the credential helper "pass", .* not asked/],
  ],
  ["a helper for it", { credHelpers: { "quay.io": "ecr-login" } }, [/the credential helper "ecr-login"/]],
  ["a helper for all others", { auths: { "other.io": {} }, credsStore: "pass" }, []],
  ["a helper for another one", { credHelpers: { "ecr.aws": "ecr-login" } }, []],
  ["no JSON", "{", [/config\.json is no JSON$/]],
  ["no object", "7", [/config\.json is no JSON$/]],
  ["an entry without a password", { auths: { "quay.io": { auth: "Ym9i" } } }, []],
])("%s: no login, and why", async (_, content, why) => {
  leave("docker/config.json", content);
  expect(await storedLogin(place)).toEqual({
    unread: why.map((each): unknown => expect.stringMatching(each)),
  });
});

test("a login that is given is not looked up, and keeps its authority", async () => {
  leave("docker/config.json", { auths: { "quay.io": auth("stored") } });
  const given = { username: "given", password: "x", certificateAuthority: "pem" };
  expect(await withStoredLogin(place, given)).toBe(given);
  expect(await withStoredLogin(place, { certificateAuthority: "pem" })).toEqual({
    username: "stored",
    password: "pass:word",
    certificateAuthority: "pem",
  });
  const other = { registry: "other.io", repository: "x" };
  expect(await withStoredLogin(other, {})).toEqual({});
});
