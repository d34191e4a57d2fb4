import { HostSession } from "../../../provider/host/session";
import type { NixosFacts } from "../../../provider/nixos/facts";
import { reboot } from "../../../provider/nixos/phases/reboot";
import { specOf, waysOf } from "../../../provider/nixos/spec";
import { contextOf, device, hostKey, inputsOf, installerFacts, nixosFacts } from "../support/builders";
import { errorOf, failureOf, fakeConnect, FakeShell } from "../support/fake-shell";

const newBoot = "22222222-2222-4222-8222-222222222222";
const newKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINewKeyOfTheUnitTests";

/** The system that is left takes the order and does not answer any more; at first its sshd does, to whoever asks anew. */
async function leave(facts: NixosFacts, oldKey: string | undefined): Promise<string[]> {
  const leaving = new FakeShell(hostKey, (script) =>
    script.includes("systemctl reboot") ? {} : errorOf("connection-lost"),
  );
  const booted = new FakeShell(newKey, () => ({ stdout: `${newBoot}\n` }));
  const connect = fakeConnect(leaving, errorOf("host-key-mismatch"), booted);
  const inputs = inputsOf({
    connection: { host: "192.0.2.10", hostKey: newKey, deadlines: { bootSeconds: 5 } },
    install: { disks: [{ device }], ...(oldKey && { connection: { hostKey: oldKey } }) },
  });
  const session = new HostSession(connect, waysOf(inputs), ["installer"], undefined);
  await reboot.run({ ...contextOf(inputs), spec: specOf(inputs), session }, facts);
  return session.hostKeys.slice();
}

test.concurrent("an installer that has the old keys may be met while it goes down", async () => {
  expect(await leave(installerFacts(), hostKey)).toEqual([newKey]);
});

test.concurrent.each<[string, NixosFacts, string | undefined]>([
  ["an installer with the same keys", installerFacts(), undefined],
  ["a system that is only updated", nixosFacts(), hostKey],
])("behind %s another key is another machine", async (_, facts, oldKey) => {
  expect((await failureOf(() => leave(facts, oldKey))).code).toBe("host-key-mismatch");
});
