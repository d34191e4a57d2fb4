import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AccessAuth } from "../../../provider/core/shell";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey } from "../../contract/ssh-host";
import { accessTo, cleanUp, clientKey, failureOf, hostFor, shellOn, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);

function keyFile(text: string): string {
  const path = join(tempFolder(), "id");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe("logging in", () => {
  test.each(["ed25519", "ecdsa", "rsa"] as const)("with an %s key from a file", async (kind) => {
    const key = makeKey(kind);
    const host = await hostFor({ authorizedKey: key.publicKey });
    await shellOn(host, { auth: { privateKeyPath: keyFile(key.privateKey) } });
    expect(host.counts.logins).toBe(1);
  });

  test("with an encrypted key and its passphrase", async () => {
    const key = makeKey("ed25519", "open sesame");
    const host = await hostFor({ authorizedKey: key.publicKey });
    await shellOn(host, { auth: { privateKey: key.privateKey, passphrase: "open sesame" } });
    expect(host.counts.logins).toBe(1);
  });

  test("with a key that only an agent holds", async () => {
    const folder = tempFolder();
    const socket = join(folder, "agent.sock");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await new Promise((resolve) => agent.stdout.once("data", resolve));
      const path = keyFile(clientKey.privateKey);
      chmodSync(path, 0o600);
      execFileSync("ssh-add", ["-q", path], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: "ignore",
      });
      const host = await hostFor();
      await shellOn(host, { auth: { agentSocket: socket } });
      expect(host.counts.logins).toBe(1);

      const stranger = await hostFor({ authorizedKey: makeKey().publicKey });
      const error = await failureOf(connectSsh(accessTo(stranger, { auth: { agentSocket: socket } })));
      expect(error.code).toBe("login-refused");
      expect(error.text()).toContain(clientKey.fingerprint);
    } finally {
      agent.kill();
    }
  });

  test("a refusal names the user and the key's fingerprint, and nothing private", async () => {
    const host = await hostFor({ authorizedKey: makeKey().publicKey });
    const error = await failureOf(connectSsh(accessTo(host, { user: "admin" })));
    expect(error.code).toBe("login-refused");
    expect(error.details.what).toContain("user admin");
    expect(error.text()).toContain(clientKey.fingerprint);
    expect(error.text()).not.toContain(clientKey.privateKey.split("\n")[1]);
    expect(host.counts.logins).toBe(0);
  });
});

describe("a key that cannot be used", () => {
  const encrypted = makeKey("ed25519", "right");
  const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const oldEncrypted = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs1",
    format: "pem",
    cipher: "aes-128-cbc",
    passphrase: "right",
  }) as string;

  test.each<[string, AccessAuth, string]>([
    ["no key at all", {}, "connection:"],
    ["a file that is missing", { privateKeyPath: "/nonexistent/id" }, "connection.privateKeyPath"],
    ["an encrypted key without a passphrase", { privateKey: encrypted.privateKey }, "connection.passphrase"],
    [
      "an encrypted key with another passphrase",
      { privateKey: encrypted.privateKey, passphrase: "wrong" },
      "connection.passphrase",
    ],
    ["an old encrypted key without a passphrase", { privateKey: oldEncrypted }, "connection.passphrase"],
    [
      "an old encrypted key with another passphrase",
      { privateKey: oldEncrypted, passphrase: "wrong" },
      "connection.passphrase",
    ],
    ["a public key", { privateKey: clientKey.publicKey }, "connection.privateKey:"],
    ["a key of a format that ssh does not have", { privateKey: pkcs8 }, "connection.privateKey:"],
    ["a text that is no key", { privateKey: "hello" }, "connection.privateKey:"],
    ["an agent that is not there", { agentSocket: "/nonexistent/agent" }, "connection.agent:"],
  ])("%s: bad-input, and the property is named", async (_name, auth, property) => {
    const host = await hostFor();
    const error = await failureOf(connectSsh(accessTo(host, { auth })));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain(property);
    expect(error.text()).not.toContain("wrong");
    expect(host.counts.connections).toBe(0);
  });
});
