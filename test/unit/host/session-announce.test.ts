import type { Access } from "../../../provider/core/shell";
import { HostSession } from "../../../provider/host/session";
import { FakeShell, fakeConnect } from "../support/fake-shell";

const way: Access = {
  ...{ host: "h", port: 22, user: "root", auth: {}, sudo: false, connectTimeoutSeconds: 1 },
  hostKeys: undefined,
};
const shell = (key: string) => new FakeShell(key, () => ({}));

function sessionOf(access: Access, pinned: string[] | undefined, ...keys: string[]) {
  const connect = fakeConnect(...keys.map(shell));
  const session = new HostSession(connect, { installed: access }, ["installed"], pinned);
  session.announce(["ssh-ed25519 NEW", "ssh-rsa NEW"]);
  return { session, connect };
}

test("an announced key is as good as the pinned one, and replaces it once the machine has it", async () => {
  const { session, connect } = sessionOf(way, ["ssh-ed25519 OLD"], "ssh-ed25519 OLD", "ssh-ed25519 NEW");
  await session.enter("installed");
  expect(session.hostKeys).toEqual(["ssh-ed25519 OLD"]);
  await session.enter("installed");
  expect(session.hostKeys).toEqual(["ssh-ed25519 NEW", "ssh-rsa NEW"]);
  await session.enter("installed");
  const announced = ["ssh-ed25519 NEW", "ssh-rsa NEW"];
  expect(connect.asked.slice(0, 2).map(({ hostKeys }) => hostKeys)).toEqual([
    ["ssh-ed25519 OLD", ...announced],
    ["ssh-ed25519 OLD", ...announced],
  ]);
  expect(connect.asked[2]?.hostKeys).not.toContain("ssh-ed25519 OLD");
});

test("a declared key rules", async () => {
  const declared = { ...way, hostKeys: ["ssh-ed25519 DECLARED"] };
  const { session, connect } = sessionOf(declared, ["ssh-ed25519 OLD"], "ssh-ed25519 DECLARED");
  await session.enter("installed");
  expect(connect.asked[0]?.hostKeys).toEqual(["ssh-ed25519 DECLARED"]);
});

test("on first contact nobody knows which key to expect: the first one is taken", async () => {
  const { session, connect } = sessionOf(way, undefined, "ssh-ed25519 OLD");
  await session.enter("installed");
  expect(connect.asked[0]?.hostKeys).toBeUndefined();
  expect(session.hostKeys).toEqual(["ssh-ed25519 OLD"]);
});
