import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey } from "../../contract/ssh-host";
import { until } from "../support/until";
import { realAccess, realShell, realSshd, type RealSshd } from "./real-sshd";
import { cleanUp, failureOf, onCleanUp } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };

/** Sshd as a jump host: its key's owner gets no shell at all. */
const jumpOnly = "ForceCommand /bin/false\nPermitTTY no";

async function both(jumpConfig = jumpOnly): Promise<{ jump: RealSshd; target: RealSshd }> {
  const [jump, target] = await Promise.all([realSshd({ config: jumpConfig }), realSshd()]);
  return { jump, target };
}

const through = (jump: RealSshd, changes = {}): { jump: ReturnType<typeof realAccess> } => ({
  jump: { ...realAccess(jump), label: "connection.jumpHost", ...changes },
});

describe("through a jump host", () => {
  test("which gives no shell: scripts, uploads and relays work, and both connections end together", async () => {
    const { jump, target } = await both();
    const shell = await realShell(target, through(jump));
    const { stdout } = await shell.run("echo $SSH_CONNECTION; head -c 3000000 /dev/zero | tr '\\0' x", soon);
    expect(stdout.length).toBeGreaterThan(3_000_000);
    expect(stdout).toContain(`127.0.0.1 ${target.port}`);
    expect(shell.hostKey.publicKey).toBe(target.hostKey);
    shell.close();
    await shell.closed;
    await until(
      "the jump host saw the end",
      () => /Disconnected from user|disconnected by user/.test(jump.log()),
      jump.log,
    );
  });

  test("with a key of its own", async () => {
    const key = makeKey();
    const [jump, target] = await Promise.all([
      realSshd({ config: jumpOnly, trust: key.publicKey }),
      realSshd(),
    ]);
    const shell = await realShell(target, through(jump, { auth: { privateKey: key.privateKey } }));
    expect((await shell.run("echo there", soon)).stdout).toBe("there\n");
  });

  test("the connection to the jump host breaks: the command fails, and says which of them it was", async () => {
    const { jump, target } = await both();
    const shell = await realShell(target, through(jump));
    const onLine = (): void => killSessions(jump);
    const error = await failureOf(shell.run("echo it runs; sleep 30", { ...soon, onLine }));
    expect(error.code).toBe("connection-lost");
    expect(error.details.what).toContain(
      `127.0.0.1:${target.port} (through jumpHost 127.0.0.1:${jump.port})`,
    );
    expect(error.details.what).toContain(`jumpHost ${realAccess(jump).user}@127.0.0.1:${jump.port} broke`);
    await shell.closed;
  });
});

describe("a way that fails names the host that it fails at", () => {
  test("nobody answers at the jump host", async () => {
    const { jump, target } = await both();
    const error = await failureOf(connectSsh(realAccess(target, through(jump, { port: 1 }))));
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toMatch(/^jumpHost 127\.0\.0\.1:1 cannot be reached/);
  });

  test("nobody answers behind the jump host", async () => {
    const { jump, target } = await both();
    const error = await failureOf(connectSsh(realAccess(target, { ...through(jump), port: 1 })));
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toContain(
      `127.0.0.1:1 (through jumpHost 127.0.0.1:${jump.port}) cannot be reached`,
    );
    expect(error.details.what).toContain("the jump host could not connect to it");
    expect(error.details.what).toContain("refused");
  });

  test("a port behind the jump host that never greets is given up in time", async () => {
    const { jump, target } = await both();
    const port = await silentPort((socket) => void socket);
    const access = realAccess(target, { ...through(jump), port, connectTimeoutSeconds: 8 });
    const error = await failureOf(connectSsh(access));
    expect(error.code).toBe("unreachable");
    expect(error.details.what).toContain(`127.0.0.1:${port} (through`);
    // Of the 8 s what the way to it took is gone.
    expect(error.details.what).toMatch(/no ssh banner within [1-8] s/);
  });

  test("a jump host that never greets is given up in time", async () => {
    const { jump, target } = await both();
    const port = await silentPort((socket) => void socket);
    const access = realAccess(target, { ...through(jump, { port }), connectTimeoutSeconds: 1 });
    const error = await failureOf(connectSsh(access));
    expect(error.details.what).toBe(
      `jumpHost 127.0.0.1:${port} cannot be reached by ssh: it accepted the connection but sent no ssh banner within 1 s`,
    );
  });

  test("another key at the jump host", async () => {
    const { jump, target } = await both();
    const access = realAccess(target, through(jump, { hostKeys: [makeKey().publicKey] }));
    const error = await failureOf(connectSsh(access));
    expect(error.code).toBe("host-key-mismatch");
    expect(error.details.what).toContain(`jumpHost 127.0.0.1:${jump.port}`);
    expect(error.details.next).toContain("connection.jumpHost.hostKey");
    expect(target.log()).not.toContain("Connection from");
  });

  test("another key at the target", async () => {
    const { jump, target } = await both();
    const error = await failureOf(
      connectSsh(realAccess(target, { ...through(jump), hostKeys: [makeKey().publicKey] })),
    );
    expect(error.code).toBe("host-key-mismatch");
    expect(error.details.what).toMatch(new RegExp(`^127.0.0.1:${target.port} \\(through jumpHost`));
    expect(error.details.next).toContain("in connection.hostKey");
  });

  test("a jump host without a known key is not asked at all", async () => {
    const { jump, target } = await both();
    const error = await failureOf(connectSsh(realAccess(target, through(jump, { hostKeys: undefined }))));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain("connection.jumpHost.hostKey");
    expect(jump.log()).not.toContain("Connection from");
  });

  test("the jump host refuses the login", async () => {
    const { jump, target } = await both();
    const stranger = makeKey();
    const access = realAccess(
      target,
      through(jump, { auth: { privateKey: stranger.privateKey, label: "connection.jumpHost" } }),
    );
    const error = await failureOf(connectSsh(access));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain(`jumpHost 127.0.0.1:${jump.port} refused the login`);
    expect(error.details.expected).toContain(`connection.jumpHost.privateKey ${stranger.fingerprint}`);
    expect(error.details.next).toContain("connection.jumpHost.user");
  });

  test.each([["AllowTcpForwarding no"], ["PermitOpen none"]])("%s on the jump host", async (config) => {
    const { jump, target } = await both(config);
    const error = await failureOf(connectSsh(realAccess(target, through(jump))));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain(
      `jumpHost 127.0.0.1:${jump.port} does not forward to 127.0.0.1:${target.port}`,
    );
    expect(error.details.next).toContain("AllowTcpForwarding");
  });

  test("a jump host whose key may not forward", async () => {
    const key = makeKey();
    const restricted = `restrict ${key.publicKey}`;
    const [jump, target] = await Promise.all([realSshd({ trust: restricted }), realSshd()]);
    const access = realAccess(target, through(jump, { auth: { privateKey: key.privateKey } }));
    expect((await failureOf(connectSsh(access))).details.next).toContain("restrict");
  });
});

test("a target that refuses the login leaves no connection to the jump host behind", async () => {
  const { jump, target } = await both();
  const access = realAccess(target, { ...through(jump), auth: { privateKey: makeKey().privateKey } });
  const error = await failureOf(connectSsh(access));
  expect(error.code).toBe("login-refused");
  expect(error.details.what).toContain(`127.0.0.1:${target.port} (through jumpHost`);
  await until(
    "the jump host saw the end",
    () => /[Dd]isconnected|Connection closed/.test(jump.log()),
    jump.log,
  );
});

async function silentPort(greet: Parameters<typeof createServer>[1]): Promise<number> {
  const server: Server = createServer(greet).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onCleanUp(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Ends the processes that serve the connections, not the server itself. */
function killSessions(sshd: RealSshd): void {
  for (const pid of childrenOf(sshd.pid)) process.kill(pid, "SIGKILL");
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === ""
    ? []
    : children
        .split(" ")
        .map(Number)
        .flatMap((child) => [...childrenOf(child), child]);
}
