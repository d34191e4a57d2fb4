import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectSsh } from "../../../provider/transport/ssh";
import { makeKey } from "../../contract/ssh-host";
import { realAccess, realShell, realSshd } from "./real-sshd";
import { accessTo, cleanUp, clientKey, failureOf, hostFor, onCleanUp, tempFolder } from "./support";

jest.setTimeout(120_000);
afterEach(cleanUp);

const keygen = (...args: string[]): void =>
  void execFileSync("ssh-keygen", ["-q", ...args], { stdio: "pipe" });

function file(name: string, content: string): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** A key pair with a certificate by a certificate authority of its own. */
function certified(): { folder: string; key: string; authority: string } {
  const folder = tempFolder();
  const [authority, key] = [join(folder, "ca"), join(folder, "id")];
  keygen("-t", "ed25519", "-N", "", "-f", authority);
  keygen("-t", "ed25519", "-N", "", "-f", key);
  keygen("-s", authority, "-I", "test", "-n", "root,operator", `${key}.pub`);
  return { folder, key, authority: readFileSync(`${authority}.pub`, "utf8").trim() };
}

const pkcs8 = (kind: "ed25519" | "ec"): string =>
  kind === "ed25519"
    ? generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
    : generateKeyPairSync("ec", { namedCurve: "P-256" })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString();

/** As `ssh-keygen -t dsa` wrote them, in OpenSSH's form or in PEM. */
function dsa(...form: string[]): string {
  const path = join(tempFolder(), "id");
  keygen("-t", "dsa", "-N", "", ...form, "-f", path);
  return path;
}

/** What is given as a key, and what is right instead. Each names the property that it was given by. */
const rows: readonly [name: string, path: () => string, property: string, words: RegExp][] = [
  ["a certificate", () => `${certified().key}-cert.pub`, "privateKeyPath", /certificate.*not supported/],
  ["a public key", () => `${certified().key}.pub`, "privateKeyPath", /public key[^]*without .pub/],
  ["a public key in PEM form", () => file("id", publicPem()), "privateKeyPath", /public key/],
  ["a key of PuTTY", putty, "privateKeyPath", /PuTTY[^]*puttygen/],
  ["a PKCS#8 key", () => file("id", pkcs8("ed25519")), "privateKeyPath", /PKCS#8/],
  [
    "a PKCS#8 key of another kind",
    () => file("id", pkcs8("ec")),
    "privateKeyPath",
    /PKCS#8[^]*ssh-keygen -p/,
  ],
  ["a DSA key", () => dsa("-m", "PEM"), "privateKeyPath", /DSA[^]*ed25519/],
  ["a DSA key in OpenSSH's form", () => dsa(), "privateKeyPath", /DSA[^]*ed25519/],
  [
    "an encrypted key",
    () => file("id", makeKey("ed25519", "hidden").privateKey),
    "passphrase",
    /is encrypted/,
  ],
  ["half a key", () => file("id", clientKey.privateKey.slice(0, 150)), "privateKeyPath", /cannot be used/],
  ["a key with a broken middle", brokenKey, "privateKeyPath", /cannot be used/],
  ["no file", () => "/nonexistent/id", "privateKeyPath", /no such file/],
  ["a folder", () => tempFolder(), "privateKeyPath", /folder/],
  ["an empty file", () => file("id", ""), "privateKeyPath", /empty/],
  ["a file of blank lines", () => file("id", "\n\n"), "privateKeyPath", /empty/],
  ["a file of 5 GB", huge, "privateKeyPath", /5000000000 bytes/],
  ["a device without end", () => "/dev/zero", "privateKeyPath", /cannot be used/],
  ["a ring of links", ring, "privateKeyPath", /ELOOP/],
];

test.each(rows)("%s: bad-input by the property it was given by", async (_name, path, property, words) => {
  const host = await hostFor();
  for (const label of [undefined, "install.connection", "connection.jumpHost"]) {
    const auth = { privateKeyPath: path(), ...(label && { label }) };
    const error = await failureOf(connectSsh(accessTo(host, { auth })));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain(`${label ?? "connection"}.${property}: `);
    expect(error.text()).toMatch(words);
    expect(error.text()).not.toContain("hidden");
  }
  expect(host.counts.connections).toBe(0);
});

test("a file that this user may not read", async () => {
  const path = file("id", clientKey.privateKey);
  const host = await hostFor();
  execFileSync("chmod", ["0", path]);
  const own = process.geteuid?.() ?? 0;
  // Root may read everything.
  if (own === 0) process.seteuid?.(65_534);
  try {
    const error = await failureOf(connectSsh(accessTo(host, { auth: { privateKeyPath: path } })));
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain("connection.privateKeyPath");
    expect(error.details.what).toContain("may not read it (EACCES)");
  } finally {
    if (own === 0) process.seteuid?.(own);
  }
});

test("an sshd that takes certificates only: the refusal says that the one beside the key is not used", async () => {
  const { key, authority, folder } = certified();
  const sshd = await realSshd({
    config: `TrustedUserCAKeys ${join(folder, "ca.pub")}`,
    trust: `cert-authority ${authority}`,
  });
  const error = await failureOf(connectSsh(realAccess(sshd, { auth: { privateKeyPath: key } })));
  expect(error.code).toBe("login-refused");
  expect(error.details.expected).toContain("-cert.pub is not used: certificates are not supported");
});

test("an agent that holds a certificate beside its key: the key is used all the same", async () => {
  const { key } = certified();
  const folder = tempFolder();
  const socket = join(folder, "agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  onCleanUp(() => void agent.kill());
  await new Promise((resolve) => agent.stdout.once("data", resolve));
  execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "pipe" });
  const sshd = await realSshd({ trust: readFileSync(`${key}.pub`, "utf8").trim() });
  const shell = await realShell(sshd, { auth: { agentSocket: socket } });
  expect((await shell.run("echo in", { deadlineSeconds: 60 })).stdout).toBe("in\n");
});

function publicPem(): string {
  return generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
}

/** Today's form; its first line tells it. */
function putty(): string {
  const lines = [
    "PuTTY-User-Key-File-3: ssh-ed25519",
    "Encryption: none",
    "Comment: x",
    "Public-Lines: 2",
    "AAAA",
  ];
  return file("id.ppk", lines.join("\r\n"));
}

function brokenKey(): string {
  const { privateKey } = clientKey;
  return file("id", `${privateKey.slice(0, 180)}${"A".repeat(20)}${privateKey.slice(200)}`);
}

function huge(): string {
  const path = file("id", "");
  truncateSync(path, 5_000_000_000);
  return path;
}

function ring(): string {
  const folder = tempFolder();
  mkdirSync(join(folder, "sub"));
  symlinkSync(join(folder, "b"), join(folder, "a"));
  symlinkSync(join(folder, "a"), join(folder, "b"));
  return join(folder, "a");
}
