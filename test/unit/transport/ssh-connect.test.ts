import { createServer } from "node:net";
import { hostKey } from "../../../provider/host/schema-values";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey, type SshHost } from "../../contract/ssh-host";
import { until } from "../support/until";
import { accessTo, cleanUp, clientKey, failureOf, hostFor, shellOn } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const keys = { ed25519: makeKey("ed25519"), ecdsa: makeKey("ecdsa"), rsa: makeKey("rsa") };

describe("reaching the host", () => {
  test("nobody listens: unreachable, refused", async () => {
    // A port that was free a moment ago may be another test's by now.
    const access = accessTo({ port: 1 });
    const error = await failureOf(connectSsh(access));
    expect(error.code).toBe("unreachable");
    expect(error.text()).toContain(`127.0.0.1:${access.port}`);
    expect(error.text()).toContain("refused");
  });

  test("an open port without a banner is given up after the connect timeout", async () => {
    const host = await hostFor();
    host.faults.noBanner = true;
    const start = performance.now();
    const error = await failureOf(connectSsh(accessTo(host, { connectTimeoutSeconds: 1 })));
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toContain("no ssh banner within 1 s");
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  test("a port that closes at once", async () => {
    const host = await hostFor();
    host.faults.closeAtOnce = true;
    const error = await failureOf(connectSsh(accessTo(host)));
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toMatch(/closed the connection without an ssh banner|reset/);
  });

  test("a port that speaks and then closes, but is no ssh", async () => {
    const server = createServer((socket) => socket.end("220 mail.example ESMTP\r\n")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const error = await failureOf(connectSsh(accessTo({ port })));
    server.close();
    expect(error.code).toBe("unreachable");
  });

  test("a name that does not exist", async () => {
    const error = await failureOf(
      connectSsh(accessTo({ port: 22 }, { host: "no-such-host.invalid", connectTimeoutSeconds: 2 })),
    );
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toMatch(/not resolved|no answer/);
  });

  test("the connection breaks before the login is answered", async () => {
    const host = await hostFor();
    host.faults.hangAtLogin = true;
    const failing = failureOf(connectSsh(accessTo(host)));
    await until("it is connected", () => host.counts.connections === 1);
    host.dropConnections();
    expect((await failing).code).toBe("unreachable");
  });
});

describe("the host's key", () => {
  test("without a known key the first one is taken and reported", async () => {
    const host = await hostFor();
    const shell = await shellOn(host);
    expect(shell.hostKey).toEqual({
      publicKey: host.hostKey.publicKey,
      fingerprint: host.hostKey.fingerprint,
    });
    expect(host.counts).toEqual({ connections: 1, logins: 1, execs: 0 });
  });

  test.each([
    ["public key with a comment", (host: SshHost) => `${host.hostKey.publicKey} root@host`],
    ["line of known_hosts", (host: SshHost) => `host.example ${host.hostKey.publicKey}`],
    ["fingerprint", (host: SshHost) => host.hostKey.fingerprint],
  ])("the right %s is accepted", async (_name, known) => {
    const host = await hostFor();
    await shellOn(host, { hostKeys: [makeKey().publicKey, known(host)] });
    expect(host.counts.logins).toBe(1);
  });

  test("another key: both fingerprints and the seen key are named, no login is tried", async () => {
    const host = await hostFor();
    const expected = makeKey();
    const error = await failureOf(connectSsh(accessTo(host, { hostKeys: [expected.publicKey] })));
    expect(error.code).toBe("host-key-mismatch");
    expect(error.details.expected).toContain(expected.fingerprint);
    expect(error.details.seen).toContain(host.hostKey.fingerprint);
    expect(error.details.seen).toContain(host.hostKey.publicKey);
    expect(error.details.next).toContain("connection.hostKey");
    expect(host.counts.logins).toBe(0);
  });

  test.each(["ed25519", "ecdsa", "rsa"] as const)(
    "a host with three keys offers the known %s key",
    async (kind) => {
      const host = await hostFor({ hostKeys: Object.values(keys) });
      const shell = await shellOn(host, { hostKeys: [keys[kind].publicKey] });
      expect(shell.hostKey.fingerprint).toBe(keys[kind].fingerprint);
      expect(host.counts.connections).toBe(1);
      const again = await shellOn(host, { hostKeys: [keys[kind].fingerprint] });
      expect(again.hostKey.fingerprint).toBe(keys[kind].fingerprint);
    },
  );

  test("a host without a key of the known type is another host", async () => {
    const host = await hostFor();
    const error = await failureOf(connectSsh(accessTo(host, { hostKeys: [keys.rsa.publicKey] })));
    expect(error.code).toBe("host-key-mismatch");
    expect(error.details.seen).toContain(host.hostKey.publicKey);
    expect(host.counts.logins).toBe(0);
  });

  test("what is no key is answered with forms that a declaration may have", async () => {
    const host = await hostFor();
    const error = await failureOf(connectSsh(accessTo(host, { hostKeys: ["host AAAA"] })));
    expect(error.code).toBe("bad-input");
    const forms = [...(error.details.next ?? "").matchAll(/`((?:ssh-ed25519|SHA256:)[^`]*)`/g)].map(
      ([, form = ""]) => form.replace("…", "A".repeat(form.startsWith("SHA256") ? 43 : 60)),
    );
    expect(forms.map((form) => hostKey.safeParse(form).success)).toEqual([true, true]);
    expect(error.details.next).toContain("without the host in front");
  });

  test("a fingerprint of no key of the host ends after all its keys were seen", async () => {
    const host = await hostFor({ hostKeys: [keys.ed25519, keys.rsa] });
    const error = await failureOf(connectSsh(accessTo(host, { hostKeys: [makeKey().fingerprint] })));
    expect(error.code).toBe("host-key-mismatch");
    for (const key of host.hostKeys) expect(error.details.seen).toContain(key.fingerprint);
    expect(host.counts.logins).toBe(0);
  });

  test.each([[["what is this"]], [[]]])("%j is no list of keys", async (hostKeys) => {
    const host = await hostFor();
    const error = await failureOf(connectSsh(accessTo(host, { hostKeys })));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain("connection.hostKey");
    expect(host.counts.connections).toBe(0);
  });
});

test("after a hang in the login the next connection works", async () => {
  const host = await hostFor();
  host.faults.refuseLogin = true;
  expect((await failureOf(connectSsh(accessTo(host)))).code).toBe("login-refused");
  host.faults.refuseLogin = false;
  const shell = await shellOn(host, { auth: { privateKey: clientKey.privateKey } });
  shell.close();
  await shell.closed;
});
