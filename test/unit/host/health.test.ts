import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { runHealthChecks, type HealthCheck, type HealthFailure } from "../../../provider/host/health";
import { RecordedProgress } from "../support/builders";
import { ShellSession } from "../support/shell-session";

const tries = { name: "it", retries: 0, intervalSeconds: 0.05, deadlineSeconds: 20 };
const commandCheck = (command: string, changes: object = {}): HealthCheck => ({
  ...tries,
  kind: "command",
  command,
  ...changes,
});

let host: ShellSession;
const servers: Server[] = [];
beforeEach(() => (host = new ShellSession()));
afterEach(() => {
  host.remove();
  for (const server of servers.splice(0)) server.close();
});

const run = (...checks: HealthCheck[]): Promise<HealthFailure[]> =>
  runHealthChecks(host, checks, new RecordedProgress());

async function seenOf(check: HealthCheck): Promise<string | undefined> {
  const [failure] = await run(check);
  return failure?.seen;
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens: one that was just given back. */
async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("a command", () => {
  test.each<[string, string, string | undefined]>([
    ["that ends with 0", "echo fine", undefined],
    ["that ends with something else", "echo first; echo 'no disk' >&2; exit 7", "exit code 7: no disk"],
    ["that says nothing", "exit 1", "exit code 1"],
    ["with quotes, dollars and more lines", `a='it'"'"'s'\n[ "$a" = "it's" ]`, undefined],
    ["that reads from its input", '[ -z "$(cat)" ] && echo none >&2 && false', "exit code 1: none"],
    ["that is not there", "no-such-program-of-anybody", "exit code 127"],
  ])("%s", async (_, command, seen) => {
    const found = await seenOf(commandCheck(command));
    expect(seen === undefined ? found : found?.slice(0, seen.length)).toBe(seen);
  });

  test("that does not end is ended, with all that it started", async () => {
    const marker = join(host.root, "later");
    const check = commandCheck(`(sleep 2; touch ${marker}) & wait`, { deadlineSeconds: 0.5 });
    expect(await seenOf(check)).toBe("no end within 0.5 s");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(existsSync(marker)).toBe(false);
  });

  test("is seen by nobody who lists processes, and leaves nothing on the host", async () => {
    const list = join(host.root, "list");
    const check = commandCheck(
      `: word-of-the-check; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' >${list}; ls -l ${host.root}/run >>${list}`,
    );
    expect(await run(check)).toEqual([]);
    const seen = readFileSync(list, "utf8");
    expect(seen).toMatch(/drwx------ .* health\.\d+/);
    expect(seen).not.toContain("word-of-the-check");
    expect(readdirSync(join(host.root, "run"))).toEqual([]);
  });
});

describe("a unit", () => {
  const unit: HealthCheck = { ...tries, kind: "unit", unit: "web.service" };

  test("that is active", async () => {
    host.program("systemctl", '[ "$*" = "is-active --quiet web.service" ]');
    expect(await run(unit)).toEqual([]);
  });

  test("that failed: its state, and the last lines of its journal", async () => {
    host.program(
      "systemctl",
      'case "$*" in is-active*) exit 3;; "show --property=LoadState,ActiveState,SubState,Result web.service")' +
        " printf '%s\\n' LoadState=loaded ActiveState=failed SubState=failed Result=exit-code;; esac",
    );
    host.program("journalctl", 'echo "journal: $*"; echo "bind: address in use"');
    const [failure] = await run(unit);
    expect(failure).toMatchObject({
      expected: "web.service to be active",
      seen: "LoadState=loaded, ActiveState=failed, SubState=failed, Result=exit-code",
    });
    expect(failure?.log).toMatch(/journal: --boot --unit=web\.service .*\nbind: address in use$/);
  });

  test("where nobody knows of units", async () => {
    host.program("systemctl", "exit 1");
    host.program("journalctl", "exit 1");
    expect(await seenOf(unit)).toBe("exit code 3 of systemctl");
  });
});

describe("a TCP port", () => {
  const tcp = (port: number, at = "127.0.0.1"): HealthCheck => ({ ...tries, kind: "tcp", host: at, port });

  test("that takes connections", async () => {
    expect(await run(tcp(await listening(createServer())))).toEqual([]);
  });

  test("that does not", async () => {
    const port = await deadPort();
    expect((await run(tcp(port)))[0]).toMatchObject({
      expected: `a TCP connection to 127.0.0.1:${port}`,
      seen: "Connection refused",
    });
  });

  test("of a host with an IPv6 address, in brackets or not", async () => {
    for (const at of ["::1", "[::1]"])
      expect(await seenOf(tcp(await deadPort(), at))).toBe("Connection refused");
  });

  test("on a host without bash", async () => {
    host.program("bash", "echo 'bash: not here' >&2; exit 127");
    expect(await seenOf(tcp(1))).toBe("bash: not here");
  });
});

describe("an HTTP answer", () => {
  const http = (port: number, status = 200, path = "/"): HealthCheck => {
    return { ...tries, kind: "http", url: `http://127.0.0.1:${port}${path}`, status };
  };
  const answering = (status: number) =>
    listening(
      createHttpServer((request, response) => {
        asked.push(request.url ?? "");
        response.writeHead(status, { connection: "close" }).end("HTTP 200\n");
      }),
    );
  const asked: string[] = [];

  test.each<[number, number, string | undefined]>([
    [200, 200, undefined],
    [204, 204, undefined],
    [503, 200, "HTTP 503"],
    [200, 404, "HTTP 200"],
    [302, 200, "HTTP 302"],
  ])("with status %d, where %d is expected", async (status, wanted, seen) => {
    expect(await seenOf(http(await answering(status), wanted))).toBe(seen);
  });

  test("of an address with all kinds of letters", async () => {
    expect(await run(http(await answering(200), 200, '/[a]{b}?c="d"&e=\\f'))).toEqual([]);
    expect(asked.at(-1)).toBe('/[a]{b}?c="d"&e=\\f');
  });

  test("of nobody", async () => {
    const port = await deadPort();
    const [failure] = await run(http(port));
    expect(failure?.expected).toBe(`HTTP 200 from http://127.0.0.1:${port}/`);
    expect(failure?.seen).toMatch(/^curl: \(7\) Failed to connect to 127\.0\.0\.1 port/);
  });

  test("that does not come", async () => {
    const port = await listening(createServer());
    expect(await seenOf({ ...http(port), deadlineSeconds: 0.5 })).toBe("no end within 0.5 s");
  });
});
