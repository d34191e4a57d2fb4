import { userInfo } from "node:os";
import { waysOf } from "../../../provider/nixos/spec";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey } from "../../contract/ssh-host";
import { realSshd } from "./real-sshd";
import { cleanUp, clientKey, failureOf, onCleanUp } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);
const soon = { deadlineSeconds: 60 };

type Connection = NixosHostInputs["connection"];
type OldConnection = NonNullable<NixosHostInputs["install"]>["connection"];

/** The ways of a program that declares these; nothing else of it matters for them. */
function ways(connection: Connection, old?: OldConnection): Required<ReturnType<typeof waysOf>> {
  const inputs = { connection, ...(old && { install: { connection: old } }) };
  return waysOf(inputs as NixosHostInputs) as Required<ReturnType<typeof waysOf>>;
}

const login = { host: "127.0.0.1", privateKey: clientKey.privateKey };

test("a declared jump host, IPv6 and a sudo password lead to root on the real host behind them", async () => {
  const password = "declared Passw0rd";
  const [jump, target] = await Promise.all([
    realSshd({ address: "::1", config: "ForceCommand /bin/false" }),
    realSshd({ operator: { password, sudoers: "operator ALL=(ALL) ALL" } }),
  ]);
  const { installed, old, installer } = ways({
    ...login,
    port: target.port,
    user: "operator",
    hostKey: target.hostKey,
    sudoPassword: password,
    jumpHost: { ...login, host: "::1", port: jump.port, user: userInfo().username, hostKey: jump.hostKey },
  });
  const shell = await connectSsh(installed);
  onCleanUp(() => shell.close());
  expect((await shell.run("id -un", soon)).stdout).toBe("root\n");
  expect(jump.log()).toContain("Accepted publickey");
  expect(old).toEqual(installed);
  // The installer is behind the same jump host, and root needs no sudo there.
  expect(installer).toMatchObject({ jump: installed.jump, user: "root", sudo: false });
});

test.each<[string, OldConnection, string]>([
  ["the old system's key", { privateKey: "no key" }, "install.connection.privateKey: "],
  [
    "the old system's passphrase",
    { privateKey: makeKey("ed25519", "x").privateKey },
    "install.connection.passphrase: ",
  ],
  ["a key of the program's connection", { host: "10.0.0.1" }, "connection.privateKeyPath: "],
  [
    "the key of the old system's jump host",
    { jumpHost: { host: "10.0.0.1", hostKey: clientKey.publicKey, privateKey: "no key" } },
    "install.connection.jumpHost.privateKey: ",
  ],
  [
    "a jump host whose first key would be taken",
    { jumpHost: { host: "10.0.0.1", hostKey: "accept-new", privateKey: clientKey.privateKey } },
    "install.connection.jumpHost.hostKey: ",
  ],
])("an error of %s names the property that it stands in", async (_name, before, property) => {
  const ownKey = before?.privateKey === undefined && before?.jumpHost === undefined;
  const key = ownKey ? { privateKeyPath: "/nonexistent/id" } : { privateKey: clientKey.privateKey };
  const { old } = ways({ host: "127.0.0.1", port: 1, hostKey: clientKey.publicKey, ...key }, before);
  const error = await failureOf(connectSsh(old));
  expect(error.code).toBe("bad-input");
  expect(error.details.what.startsWith(property)).toBe(true);
});
