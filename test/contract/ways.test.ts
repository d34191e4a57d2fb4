import { connect } from "node:net";
import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { Props } from "./provider-process";
import { makeKey, startSshHost, type SshHost } from "./ssh-host";
import { done, partial, Stage } from "./support";

const stage = new Stage();
const jumps: SshHost[] = [];
afterAll(() => Promise.all(jumps.map((jump) => jump.stop())));

const declared = (machine: Machine, connection: Props, install: Props = {}): Props =>
  stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90"), connection, install });

/** The systems that commands were run in, in the order of the boots. */
const boots = ({ steps }: Machine): string[] => [
  ...new Set(steps.map((step) => /in (\w+) #/.exec(step)?.[1] ?? step)),
];
const allBoots = ["debian", "installer", "nixos"];

test("a machine that is known to a jump host alone: all three boots are reached through it", async () => {
  const machine = await stage.machine();
  const key = makeKey();
  const asked: string[] = [];
  const jump = await startSshHost({
    authorizedKey: key.publicKey,
    forward: (host, port) => (asked.push(`${host}:${port}`), machine.port),
  });
  jumps.push(jump);
  const jumpHost = {
    ...{ host: "127.0.0.1", port: jump.port, user: "hop" },
    ...{ privateKey: key.privateKey, hostKey: jump.hostKey.publicKey },
  };
  const news = declared(machine, { host: "web.invalid", port: 2222, jumpHost });
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "confirm", hostKeys: [machine.hostKey.publicKey] });
  expect([boots(machine), machine.connections]).toEqual([allBoots, 3]);
  expect([...new Set(asked)]).toEqual(["web.invalid:2222"]);
  // Nothing reached the machine past it, and nothing was run on it.
  expect(machine.contacts).toBe(asked.length);
  expect(jump.commands).toEqual([]);
});

test("a jump host that knows no such machine: refused, and named", async () => {
  const machine = await stage.machine();
  const jump = await startSshHost({ forward: () => undefined });
  jumps.push(jump);
  const { privateKey } = machine.key;
  const jumpHost = { host: "127.0.0.1", port: jump.port, hostKey: jump.hostKey.publicKey, privateKey };
  const result = await stage.provider.create(declared(machine, { host: "web.invalid", port: 22, jumpHost }));
  expect(result).toMatchObject({
    end: "failed",
    message: expect.stringContaining(`web.invalid:22 (through jumpHost 127.0.0.1:${jump.port})`),
  });
  expect(machine.contacts).toBe(0);
});

test("a machine with nothing but IPv6", async () => {
  const machine = await stage.machine({ address: "::1" });
  expect(await isOpen("127.0.0.1", machine.port)).toBe(false);
  done(await stage.provider.create(declared(machine, { host: "::1" })));
  expect([boots(machine), machine.connections]).toEqual([allBoots, 3]);
});

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}

test("declared keys of the old and of the new system: a connection that broke after the install goes on", async () => {
  const given = makeKey();
  const machine = await stage.machine({ hostKeys: { nixos: given } });
  const news = declared(
    machine,
    { hostKey: given.publicKey },
    {
      connection: { hostKey: machine.hostKey.publicKey },
      sshHostKeys: { ed25519: { content: given.privateKey } },
    },
  );
  machine.fault = { step: "probe in nixos #1", kind: "cut before" };
  const first = partial(await stage.provider.create(news));
  expect(first.message).toContain("[connection-lost]");
  const { props } = done(await stage.provider.update("web", first.props, news));
  expect(props["hostKeys"]).toEqual([given.publicKey]);
  expect(machine.disk.wiped).toBe(1);
});
