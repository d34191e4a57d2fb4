import { HostSession, keepTrying, type Ways } from "../../../provider/host/session";
import type { Access, Connect } from "../../../provider/core/shell";
import { hostKey } from "../support/builders";
import { errorOf, failureOf, fakeConnect, FakeShell } from "../support/fake-shell";

const access = (host: string, changes: Partial<Access> = {}): Access => ({
  ...{ host, port: 22, user: "root", auth: {}, hostKeys: undefined, sudo: false, connectTimeoutSeconds: 1 },
  ...changes,
});
const ways: Ways = { old: access("old"), installer: access("installer"), installed: access("installed") };
const order = ["old", "installer", "installed"] as const;
const shell = (key = hostKey): FakeShell => new FakeShell(key, () => ({ stdout: "ok" }));
const look = (session: HostSession) => session.run("true", { deadlineSeconds: 1 });
const hosts = ({ asked }: { asked: Access[] }) => asked.map((each) => each.host);
const sessionWith = (connect: Connect, changed: Ways = ways, pinned?: string[]) =>
  new HostSession(connect, changed, order, pinned);

test("everything of one boot shares one connection, even when asked at once", async () => {
  const connect = fakeConnect(shell());
  const session = sessionWith(connect);
  expect(session.connections).toBe(0);
  await Promise.all([look(session), look(session), look(session)]);
  await look(session);
  expect([hosts(connect), session.connections]).toEqual([["old"], 1]);
});

test("the ways are tried in order, as long as another way is worth it", async () => {
  const connect = fakeConnect(errorOf("unreachable"), errorOf("login-refused"), shell());
  await look(sessionWith(connect));
  expect(hosts(connect)).toEqual(["old", "installer", "installed"]);
});

test("ways that are the same are tried once", async () => {
  const connect = fakeConnect(errorOf("unreachable"));
  const same = { old: access("h"), installer: access("h"), installed: access("h", { port: 23 }) };
  await failureOf(() => look(sessionWith(connect, same)));
  expect(connect.asked.map((each) => each.port)).toEqual([22, 23]);
});

test("ways that differ only in where they were declared are the same", async () => {
  const connect = fakeConnect(errorOf("unreachable"));
  const label = "install.connection";
  await failureOf(() =>
    look(sessionWith(connect, { old: access("h", { label, auth: { label } }), installed: access("h") })),
  );
  expect(connect.asked.length).toBe(1);
});

test.each(["host-key-mismatch", "bad-input"] as const)("%s ends the search at once", async (code) => {
  const connect = fakeConnect(errorOf(code), shell());
  expect((await failureOf(() => look(sessionWith(connect)))).code).toBe(code);
  expect(hosts(connect)).toEqual(["old"]);
});

test.each([
  [
    "a refused login says more than silence",
    ["unreachable", "login-refused", "unreachable"],
    "login-refused",
  ],
  ["silence everywhere is silence", ["unreachable", "unreachable", "unreachable"], "unreachable"],
] as const)("%s", async (_, codes, told) => {
  const connect = fakeConnect(...codes.map(errorOf));
  expect((await failureOf(() => look(sessionWith(connect)))).code).toBe(told);
});

describe("a wrong key on the way into one system", () => {
  const [OLD, NEW] = [["ssh-ed25519 OLD"], ["ssh-ed25519 NEW"]];
  const declared = (installed: readonly string[] | undefined): Ways => ({
    old: access("old", { hostKeys: OLD }),
    installer: access("installer", { hostKeys: OLD }),
    installed: access("installed", { hostKeys: installed }),
  });

  test("may be the right one of another, which declares a key of its own", async () => {
    const connect = fakeConnect(errorOf("host-key-mismatch"), shell("ssh-ed25519 NEW"));
    await look(sessionWith(connect, declared(NEW)));
    expect(connect.asked.map((each) => each.hostKeys)).toEqual([OLD, NEW]);
  });

  test("ends the search where another system would take anybody's", async () => {
    const connect = fakeConnect(errorOf("host-key-mismatch"), shell());
    const error = await failureOf(() => look(sessionWith(connect, declared(undefined))));
    expect([error.code, hosts(connect)]).toEqual(["host-key-mismatch", ["old"]]);
  });

  test("says more than silence, and than a refused login", async () => {
    for (const other of ["unreachable", "login-refused"] as const) {
      const connect = fakeConnect(errorOf("host-key-mismatch"), errorOf(other));
      expect((await failureOf(() => look(sessionWith(connect, declared(NEW))))).code).toBe(
        "host-key-mismatch",
      );
      expect(hosts(connect)).toEqual(["old", "installed"]);
    }
  });
});

test("after a failed search the next use searches again", async () => {
  const connect = fakeConnect(errorOf("host-key-mismatch"), shell());
  const session = sessionWith(connect);
  await failureOf(() => look(session));
  await look(session);
  expect(session.connections).toBe(1);
});

describe("host keys", () => {
  test("the first key seen is required from then on, of every system", async () => {
    const connect = fakeConnect(shell("ssh-ed25519 FIRST"), shell("ssh-ed25519 FIRST"));
    const session = sessionWith(connect);
    expect(session.hostKeys).toEqual([]);
    await look(session);
    await session.drop();
    await session.enter("installer");
    expect(connect.asked.map((each) => each.hostKeys)).toEqual([undefined, ["ssh-ed25519 FIRST"]]);
    expect(session.hostKeys).toEqual(["ssh-ed25519 FIRST"]);
  });

  test("keys pinned in the state are required on first contact, and stay", async () => {
    const connect = fakeConnect(shell("ssh-ed25519 OTHER"));
    const session = sessionWith(connect, ways, ["ssh-ed25519 PINNED"]);
    await look(session);
    expect(connect.asked[0]?.hostKeys).toEqual(["ssh-ed25519 PINNED"]);
    expect(session.hostKeys).toEqual(["ssh-ed25519 PINNED"]);
  });

  test("keys given for a way go before the pinned ones", async () => {
    const connect = fakeConnect(shell());
    await look(
      sessionWith(connect, { old: access("old", { hostKeys: ["SHA256:given"] }) }, ["ssh-ed25519 PINNED"]),
    );
    expect(connect.asked[0]?.hostKeys).toEqual(["SHA256:given"]);
  });
});

test("drop closes the connection, and the next use opens another one", async () => {
  const [first, second] = [shell(), shell()];
  const session = sessionWith(fakeConnect(first, second));
  await look(session);
  await session.drop();
  await session.drop();
  expect(first.isClosed).toBe(true);
  await look(session);
  expect([session.connections, second.scripts.length]).toEqual([2, 1]);
});

describe("after the end", () => {
  test("the connection is closed, and no command runs any more", async () => {
    const only = shell();
    const connect = fakeConnect(only);
    const session = sessionWith(connect);
    await look(session);
    await session.end();
    expect(only.isClosed).toBe(true);
    await expect(look(session)).rejects.toThrow("the run has ended");
    await expect(session.enter("installer")).rejects.toThrow("the run has ended");
    expect([only.scripts.length, connect.asked.length]).toEqual([1, 1]);
  });

  test.each(["search", "entry"])("a login that was under way (%s) is not used", async (kind) => {
    const late = shell();
    let arrive: (shell: FakeShell) => void = () => undefined;
    const session = sessionWith(() => new Promise((resolve) => (arrive = resolve)));
    const entering = expect(kind === "entry" ? session.enter("installed") : look(session)).rejects.toThrow(
      "the run has ended",
    );
    const ending = session.end();
    arrive(late);
    await Promise.all([entering, ending]);
    expect([late.isClosed, late.scripts]).toEqual([true, []]);
    await expect(look(session)).rejects.toThrow("the run has ended");
  });
});

test("a connection that broke by itself is replaced on next use, but never a newer one", async () => {
  const [first, second] = [shell(), shell()];
  const session = sessionWith(fakeConnect(first, second));
  await look(session);
  first.close();
  await new Promise((resolve) => setImmediate(resolve));
  await look(session);
  await look(session);
  expect([session.connections, second.scripts.length]).toEqual([2, 2]);
});

test("a way that does not exist is a defect, said plainly", async () => {
  await expect(sessionWith(fakeConnect(shell()), {}).enter("old")).rejects.toThrow(
    "no way into the old system",
  );
});

describe("keepTrying", () => {
  test("goes on over passing errors, and remembers the last one", async () => {
    const answers = [errorOf("unreachable"), undefined, "there"];
    const tries: (string | undefined)[] = [];
    const outcome = await keepTrying<string>(
      10,
      async () => {
        const answer = answers.shift();
        if (typeof answer === "object") throw answer;
        return answer;
      },
      (_, last) => tries.push(last?.code),
    );
    expect([outcome.result, outcome.last?.code, tries]).toEqual([
      "there",
      "unreachable",
      [undefined, "unreachable", "unreachable"],
    ]);
  });

  test.each(["host-key-mismatch", "wrong-disk"] as const)("%s ends it at once", async (code) => {
    let tries = 0;
    const error = await failureOf(() =>
      keepTrying(
        10,
        () => Promise.reject(errorOf(code)),
        () => tries++,
      ),
    );
    expect([error.code, tries]).toEqual([code, 1]);
  });

  // Without it this would not end.
  test("the deadline ends it, with the last error", async () => {
    const outcome = await keepTrying(
      1,
      () => Promise.reject(errorOf("login-refused")),
      () => undefined,
    );
    expect([outcome.result, outcome.last?.code]).toEqual([undefined, "login-refused"]);
    expect(outcome.seconds).toBeGreaterThan(1);
  });
});
