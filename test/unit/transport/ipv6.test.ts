import dns from "node:dns";
import { networkInterfaces } from "node:os";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey } from "../../contract/ssh-host";
import { realAccess, realShell, realSshd, type RealSshd } from "./real-sshd";
import { cleanUp, failureOf } from "./support";

jest.setTimeout(120_000);
afterEach(async () => {
  jest.restoreAllMocks();
  await cleanUp();
});
const soon = { deadlineSeconds: 60 };

function needsIpv6(address: string | undefined, what: string): string {
  if (address === undefined) throw new Error(`this machine has no ${what}: this test needs IPv6`);
  return address;
}

const addresses = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
  (list ?? []).filter(({ family }) => family === "IPv6").map(({ address }) => ({ name, address })),
);
const loopback = (): string => needsIpv6(addresses.find(({ address }) => address === "::1")?.address, "::1");

const onLoopback = (): Promise<RealSshd> => realSshd({ address: loopback() });

test.each(["::1", "[::1]", "0:0:0:0:0:0:0:1"])("a host named %s", async (host) => {
  const sshd = await onLoopback();
  const shell = await realShell(sshd, { host });
  expect((await shell.run("echo $SSH_CONNECTION", soon)).stdout).toContain("::1 ");
});

test("a link-local address with its interface, and without", async () => {
  const local = addresses.find(({ address }) => address.startsWith("fe80:"));
  const zoned = needsIpv6(local && `${local.address}%${local.name}`, "link-local address");
  const there = await realSshd({ address: zoned });
  expect((await (await realShell(there)).run("echo here", soon)).stdout).toBe("here\n");

  const sshd = await onLoopback();
  const error = await failureOf(connectSsh(realAccess(sshd, { host: "fe80::1" })));
  expect(error.code).toBe("unreachable");
  expect(error.details.what).toContain(`[fe80::1]:${sshd.port}`);
  expect(error.details.what).toContain("fe80::1%eth0");
});

/** What the resolver says, for every name. */
function resolveTo(...found: { address: string; family: number }[]): void {
  jest
    .spyOn(dns, "lookup")
    .mockImplementation(((_name: string, _options: object, done: (error: null, list: object[]) => void) =>
      done(null, found)) as never);
}

test("a name that has an IPv6 address only", async () => {
  const sshd = await onLoopback();
  resolveTo({ address: "::1", family: 6 });
  expect((await (await realShell(sshd, { host: "six.example" })).run("echo six", soon)).stdout).toBe("six\n");
});

test("a name with both kinds, where only the IPv6 address answers", async () => {
  const sshd = await onLoopback();
  resolveTo({ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 });
  expect((await (await realShell(sshd, { host: "both.example" })).run("echo six", soon)).stdout).toBe(
    "six\n",
  );
});

test("a name with both kinds, where nobody answers", async () => {
  const sshd = await onLoopback();
  resolveTo({ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 });
  const error = await failureOf(connectSsh(realAccess(sshd, { host: "both.example", port: 1 })));
  expect(error.code).toBe("unreachable");
  expect(error.details.what).toBe("both.example:1 cannot be reached by ssh: the connection was refused");
});

test("every message writes the address so that the port can be told from it", async () => {
  const sshd = await onLoopback();
  const place = `[::1]:${sshd.port}`;
  const failures = await Promise.all([
    failureOf(connectSsh(realAccess(sshd, { hostKeys: [makeKey().publicKey] }))),
    failureOf(connectSsh(realAccess(sshd, { auth: { privateKey: makeKey().privateKey } }))),
    failureOf((await realShell(sshd)).run("kill -9 $$", soon)),
  ]);
  for (const error of failures) expect(error.details.what).toContain(place);
  const refused = await failureOf(connectSsh(realAccess(sshd, { port: 1 })));
  expect(refused.details.what).toBe("[::1]:1 cannot be reached by ssh: the connection was refused");
});

test("through a jump host on IPv6 to a target on IPv6", async () => {
  const [jump, target] = await Promise.all([onLoopback(), onLoopback()]);
  const access = { host: "[::1]", jump: { ...realAccess(jump), label: "connection.jumpHost" } };
  const shell = await realShell(target, access);
  expect((await shell.run("echo six", soon)).stdout).toBe("six\n");
  const error = await failureOf(connectSsh(realAccess(target, { ...access, port: 1 })));
  expect(error.details.what).toContain(`[::1]:1 (through jumpHost [::1]:${jump.port})`);
});
