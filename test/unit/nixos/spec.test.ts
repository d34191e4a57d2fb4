import { installKey, specOf, waysOf } from "../../../provider/nixos/spec";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { device, hostKey, inputsOf } from "../support/builders";

const host = "192.0.2.10";
type Connection = NixosHostInputs["connection"];
type Install = NonNullable<NixosHostInputs["install"]>;
const ways = (connection: Partial<Connection>, old?: Install["connection"]) =>
  waysOf(inputsOf({ connection: { host, hostKey, ...connection }, install: old && { connection: old } }));

test("every default is filled in", () => {
  expect(specOf(inputsOf({ install: undefined }))).toMatchObject({
    phases: ["kexec", "disko", "install", "reboot"],
    disks: [{ device }],
    allowReinstall: [],
    deadlines: { bootSeconds: 600, phaseSeconds: 3600 },
  });
});

test("what is given goes before the defaults", () => {
  const install = { phases: ["kexec" as const], disks: [{ device, serial: "S" }], allowReinstall: ["S"] };
  const connection = { host, hostKey, deadlines: { bootSeconds: 1, phaseSeconds: 2 } };
  expect(specOf(inputsOf({ install, connection }))).toMatchObject({
    ...install,
    deadlines: { bootSeconds: 1, phaseSeconds: 2 },
  });
});

describe("ways", () => {
  const before = process.env["SSH_AUTH_SOCK"];
  beforeEach(() => (process.env["SSH_AUTH_SOCK"] = "/run/agent"));
  afterEach(() => {
    if (before === undefined) delete process.env["SSH_AUTH_SOCK"];
    else process.env["SSH_AUTH_SOCK"] = before;
  });

  test("with an address alone all three are the same", () => {
    const all = {
      host,
      port: 22,
      user: "root",
      auth: { agentSocket: "/run/agent" },
      hostKeys: [hostKey],
      sudo: false,
      connectTimeoutSeconds: 10,
    };
    expect(ways({})).toEqual({ installed: all, old: all, installer: all });
  });

  test("a user other than root needs sudo, and the installer knows only root", () => {
    const { installed, old, installer } = ways({ user: "admin" });
    expect([installed, old, installer].map((way) => [way?.user, way?.sudo])).toEqual([
      ["admin", true],
      ["admin", true],
      ["root", false],
    ]);
  });

  test("the old system may have another address, port, user, key and host key", () => {
    const { installed, old, installer } = ways(
      { port: 2222, user: "admin", privateKeyPath: "new" },
      { host: "198.51.100.1", port: 22022, user: "root", privateKeyPath: "old", hostKey: "accept-new" },
    );
    expect(installed).toMatchObject({
      host,
      port: 2222,
      user: "admin",
      auth: { privateKeyPath: "new" },
      hostKeys: [hostKey],
    });
    expect(old).toMatchObject({
      host: "198.51.100.1",
      port: 22022,
      user: "root",
      sudo: false,
      auth: { privateKeyPath: "old" },
      hostKeys: undefined,
    });
    expect(installer).toMatchObject({
      host: "198.51.100.1",
      port: 2222,
      user: "root",
      auth: { privateKeyPath: "old" },
    });
  });

  test("what the old connection does not say is as in connection", () => {
    const { old } = ways(
      { port: 2222, user: "admin", privateKeyPath: "key", passphrase: "words" },
      { user: "debian" },
    );
    expect(old).toMatchObject({
      host,
      port: 2222,
      user: "debian",
      sudo: true,
      auth: { privateKeyPath: "key", passphrase: "words" },
    });
  });

  test.each<[string, Partial<Connection>, object]>([
    ["a key", { privateKey: "KEY", passphrase: "words" }, { privateKey: "KEY", passphrase: "words" }],
    ["a path", { privateKeyPath: "id" }, { privateKeyPath: "id" }],
    ["the agent", { agent: true }, { agentSocket: "/run/agent" }],
    ["an agent's socket", { agent: "/run/other" }, { agentSocket: "/run/other" }],
  ])("auth by %s", (_, given, auth) => expect(ways(given).installed?.auth).toEqual(auth));

  test("without an agent there is nothing to try", () => {
    delete process.env["SSH_AUTH_SOCK"];
    expect(ways({}).installed?.auth).toEqual({});
  });

  test.each([
    ["accept-new", undefined],
    ["SHA256:x", ["SHA256:x"]],
    [
      ["ssh-ed25519 A", "ssh-rsa B"],
      ["ssh-ed25519 A", "ssh-rsa B"],
    ],
  ])("host key %j", (given, accepted) => {
    const inputs = inputsOf();
    expect(
      waysOf({ ...inputs, connection: { ...inputs.connection, hostKey: given } }).installed?.hostKeys,
    ).toEqual(accepted);
  });
});

describe("the install key", () => {
  const key = (changes: Partial<NixosHostInputs> = {}) => installKey(inputsOf(changes));
  const layout = inputsOf().layout;
  const other = "/dev/disk/by-id/virtio-LAB2";

  test.each<[string, Partial<NixosHostInputs>]>([
    ["another machine", { machine: "db" }],
    ["another layout", { layout: { ...layout, hash: "ffffffffffffffff" } }],
    ["another disk", { layout: { ...layout, devices: [other] }, install: { disks: [{ device: other }] } }],
    ["a trigger", { install: { reinstallTrigger: "again" } }],
  ])("changes with %s", (_, changes) => expect(key(changes)).not.toBe(key()));

  test.each<[string, Partial<NixosHostInputs>]>([
    ["consent", { install: { allowReinstall: [device] } }],
    ["a serial", { install: { disks: [{ device, serial: "S" }] } }],
    ["disks that are named by the layout alone", { install: undefined }],
    ["another system", { current: { toplevel: "x" }, __diskoScript: "y", __bootKey: "z" }],
    ["another address", { connection: { host: "h", hostKey } }],
    ["an empty trigger", { install: { reinstallTrigger: "" } }],
  ])("stays with %s", (_, changes) => expect(key(changes)).toBe(key()));

  test("does not depend on the order of the disks", () => {
    const two = (devices: string[]) => key({ layout: { ...layout, devices }, install: undefined });
    expect(two([device, other])).toBe(two([other, device]));
  });
});
