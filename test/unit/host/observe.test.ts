import type { HostLease } from "../../../provider/host/lease";
import { justLook, observeHost } from "../../../provider/host/observe";
import { parseSections, section } from "../../../provider/host/probe";
import { HostSession } from "../../../provider/host/session";
import { parseSystemFacts, systemProbe } from "../../../provider/host/system-facts";
import { hostKey } from "../support/builders";
import { errorOf, failureOf, fakeConnect, FakeShell } from "../support/fake-shell";
import { ShellSession } from "../support/shell-session";

const access = {
  ...{ host: "h", port: 22, user: "root", auth: {}, hostKeys: undefined, sudo: false },
  connectTimeoutSeconds: 1,
};
const sessionOf = (shell: FakeShell): HostSession =>
  new HostSession(fakeConnect(shell), { installed: access }, ["installed"], undefined);

const probe = systemProbe({ tools: ["sh", "no-such-tool"], freeSpaceOf: ["/", "/no/such"] });
const parse = (output: string) => parseSystemFacts(parseSections(output));
const seen = "@@begin boot_id\nb\n@@end boot_id\n@@begin kernel\nk\n@@end kernel\n";

test("this machine shows what every host shows", async () => {
  const host = new ShellSession();
  try {
    const facts = await observeHost({ session: host as unknown as HostSession }, probe, parse);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts.missingTools).toEqual(["no-such-tool"]);
    expect(facts.freeKiB["/"]).toBeGreaterThan(0);
    expect(facts.freeKiB["/no/such"]).toBe(0);
    expect(facts.uid).toBe(process.getuid?.());
    expect(facts.memoryKiB).toBeGreaterThan(0);
  } finally {
    host.remove();
  }
});

test("a probe that shows no machine is an error, with what came instead", async () => {
  const shell = new FakeShell(hostKey, () => ({ stdout: "", stderr: "This account is locked.\n" }));
  const error = await failureOf(() => observeHost({ session: sessionOf(shell) }, probe, parse));
  expect([error.code, error.details.seen]).toEqual(["command-failed", "This account is locked."]);
});

describe("with a lease", () => {
  const leaseOf = (...answers: boolean[]) => {
    const asked: string[] = [];
    const lease = {
      script: () => Promise.resolve("echo the lease"),
      isMine: (output: string) => {
        asked.push(output);
        return Promise.resolve(answers.shift());
      },
    } as unknown as HostLease;
    return { lease, asked };
  };
  const answer = `${seen}@@begin lease\nmine 1\n@@end lease\n`;

  test("the same command takes it first, and its answer is judged", async () => {
    const shell = new FakeShell(hostKey, () => ({ stdout: answer }));
    const { lease, asked } = leaseOf(true);
    await observeHost({ session: sessionOf(shell), lease }, probe, parse);
    expect(asked).toEqual(["mine 1"]);
    expect(shell.scripts).toEqual([`${section("lease", "(echo the lease\n) 2>&1")}\n${probe}`]);
  });

  test("that is not taken yet is asked for again, and the machine is looked at anew", async () => {
    let looks = 0;
    const shell = new FakeShell(hostKey, () => ({ stdout: answer.replace("\nk\n", `\nk${++looks}\n`) }));
    const { lease } = leaseOf(false, true);
    const facts = await observeHost({ session: sessionOf(shell), lease }, probe, parse);
    expect([facts.kernelRelease, shell.scripts.length]).toEqual(["k2", 2]);
  });
});

describe("a mere look", () => {
  test("ends its connection", async () => {
    const session = sessionOf(new FakeShell(hostKey, () => ({ stdout: seen })));
    const { facts, unseen } = await justLook(session, () => observeHost({ session }, probe, parse));
    expect([facts?.bootId, unseen]).toEqual(["b", undefined]);
    await expect(session.shell()).rejects.toThrow("the run has ended");
  });

  test("at a machine that does not answer says why nothing was seen", async () => {
    const session = sessionOf(new FakeShell(hostKey, () => errorOf("connection-lost")));
    const { facts, unseen } = await justLook(session, () => observeHost({ session }, probe, parse));
    expect([facts, unseen?.code]).toEqual([undefined, "connection-lost"]);
  });
});
