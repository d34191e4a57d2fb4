import { healthChecks, healthChecksOf } from "../../../provider/host/health-schema";

const problemOf = (check: object): string | undefined =>
  healthChecks.safeParse({ web: check }).error?.issues[0]?.message;

test("every default is filled in", () => {
  const declared = healthChecks.parse({
    ready: { command: "test -e /run/ready" },
    nginx: { unit: "nginx.service", retries: 0 },
    ssh: { tcp: { port: 22 } },
    other: { tcp: { port: 22, host: "db.example.org" }, intervalSeconds: 1 },
    web: { http: { url: "http://127.0.0.1/" } },
    teapot: { http: { url: "http://127.0.0.1/tea", status: 418 }, deadlineSeconds: 3 },
  });
  const usual = { retries: 12, intervalSeconds: 5, deadlineSeconds: 10 };
  expect(healthChecksOf(declared)).toEqual([
    { ...usual, name: "ready", kind: "command", command: "test -e /run/ready" },
    { ...usual, name: "nginx", kind: "unit", unit: "nginx.service", retries: 0 },
    { ...usual, name: "ssh", kind: "tcp", host: "127.0.0.1", port: 22 },
    { ...usual, name: "other", kind: "tcp", host: "db.example.org", port: 22, intervalSeconds: 1 },
    { ...usual, name: "web", kind: "http", url: "http://127.0.0.1/", status: 200 },
    { ...usual, name: "teapot", kind: "http", url: "http://127.0.0.1/tea", status: 418, deadlineSeconds: 3 },
  ]);
  expect(healthChecksOf(undefined)).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ["nothing to ask", { retries: 1 }, /^needs one of command, unit, tcp and http$/],
  ["two questions", { command: "true", unit: "a.service" }, /^needs one of/],
  ["an empty command", { command: "" }, /^must not be empty$/],
  ["an option as a unit", { unit: "--force" }, /^must be the name of a systemd unit/],
  ["a unit with a blank", { unit: "a b" }, /^must be the name of a systemd unit/],
  ["no port", { tcp: { port: 0 } }, /^must be a port/],
  ["a host with a port", { tcp: { port: 1, host: "a:1" } }, /^must be a name or an address alone/],
  ["another protocol", { http: { url: "ftp://h/" } }, /^must be an http\(s\) URL/],
  ["a password in a URL", { http: { url: "http://u:p@h/" } }, /without a user or a password in it/],
  ["no status", { http: { url: "http://h/", status: 20 } }, /^must be an HTTP status from 100 to 599$/],
  ["half a try", { command: "true", retries: 0.5 }, /^must be a whole number of further tries/],
  ["fewer than no tries", { command: "true", retries: -1 }, /^must be a whole number of further tries/],
  ["tries without end", { command: "true", retries: 1001 }, /^must be a whole number of further tries/],
  ["no time", { command: "true", deadlineSeconds: 0 }, /^must be a number of seconds above 0$/],
  ["an unknown key", { command: "true", retry: 1 }, /Unrecognized key/],
])("%s is refused", (_, check, message) => expect(problemOf(check)).toMatch(message));
