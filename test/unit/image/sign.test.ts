import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildMachine } from "../../../provider/image/build-machine";
import type { ImageInputs } from "../../../provider/image/schema";
import { requireCosign, signImage } from "../../../provider/image/sign";
import { openLocalShell } from "../../../provider/transport/local-shell";
import { builderStandIn, type BuilderStandIn } from "../support/builder-stand-in";
import { failureOf } from "../support/fake-shell";

const digest = `sha256:${"ab".repeat(32)}`;
const image = { registry: "registry.example:5000", repository: "os/web", digest };
const key =
  "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nplanted-key\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
const login = { repository: "registry.example:5000/os/web", username: "lab", password: "planted-login" };

let standIn: BuilderStandIn;
let machine: BuildMachine;
let path: string | undefined;
beforeEach(async () => {
  path = process.env["PATH"];
  standIn = builderStandIn();
  machine = await BuildMachine.open(openLocalShell());
});
afterEach(async () => {
  await machine.end();
  process.env["PATH"] = path;
  standIn.remove();
});

/** A stand-in for cosign: what it is called with, and the options that the present version has. */
function cosign({ knows = ["tlog-upload"], exitCode = 0 } = {}): void {
  const folder = join(standIn.folder, "cosign-bin");
  mkdirSync(folder, { recursive: true });
  const options = knows.map((name) => `      --${name}=true: …`).join("\n");
  writeFileSync(
    join(folder, "cosign"),
    `#!/bin/sh
[ "$*" = "sign --help" ] && { echo '${options}'; exit 0; }
cd '${folder}'
echo "$@" > argv; env > env; cat > stdin
cp "$3" key; cp "$DOCKER_CONFIG/config.json" login; cp "$SSL_CERT_FILE" authority 2>/dev/null
echo 'Error: signing: getting signer: reading key: decrypt: encrypted: decryption failed' >&2
exit ${exitCode}
`,
  );
  chmodSync(join(folder, "cosign"), 0o755);
  process.env["PATH"] = `${folder}:${process.env["PATH"] ?? ""}`;
}

const seen = (name: string): string => readFileSync(join(standIn.folder, "cosign-bin", name), "utf8");
const inputs = (changes: Partial<ImageInputs["registry"]> = {}) =>
  ({ sign: { privateKey: key, password: "planted-pass'word" }, registry: { ...login, ...changes } }) as never;
const target = {
  digestOf: () => Promise.resolve<string | undefined>("sha256:signature"),
  tag: () => Promise.resolve(),
};

async function reopened(): Promise<void> {
  await machine.end();
  machine = await BuildMachine.open(openLocalShell());
}

test("the key as a file, the password on stdin, the login as a file: nothing else knows them", async () => {
  cosign();
  await reopened();
  await expect(signImage(machine, inputs(), image, target)).resolves.toBe("sha256:signature");
  expect(seen("argv")).toMatch(
    new RegExp(
      `^sign --key .*/cosign\\.key --yes --tlog-upload=false registry\\.example:5000/os/web@${digest}\\n$`,
    ),
  );
  expect(seen("stdin")).toBe("planted-pass'word");
  expect(seen("key")).toBe(key);
  expect(JSON.parse(seen("login"))).toEqual({
    auths: { "registry.example:5000": { auth: Buffer.from("lab:planted-login").toString("base64") } },
  });
  expect(`${seen("env")}${seen("argv")}`).not.toContain("planted");
  expect(existsSync(join(machine.folder.secrets, "cosign.key"))).toBe(false);
  expect(existsSync(join(machine.folder.secrets, "auth.json"))).toBe(false);
});

test("Docker Hub's login is found by every tool: each looks for it under another name", async () => {
  cosign();
  await reopened();
  const onHub = { registry: "docker.io", repository: "org/web", digest };
  await signImage(machine, inputs({ repository: "docker.io/org/web" }), onHub, target);
  const { auths } = JSON.parse(seen("login")) as { auths: Record<string, { auth: string }> };
  const auth = Buffer.from("lab:planted-login").toString("base64");
  expect(auths).toEqual({ "docker.io": { auth }, "https://index.docker.io/v1/": { auth } });
});

test("a version with more options is told to use none of the new form", async () => {
  cosign({ knows: ["tlog-upload", "new-bundle-format", "use-signing-config"] });
  await reopened();
  await signImage(machine, inputs(), image, target);
  expect(seen("argv")).toContain("--tlog-upload=false --new-bundle-format=false --use-signing-config=false");
});

test("cosign's word is no proof: the signature must be in the registry, under the digest's own tag", async () => {
  cosign();
  await reopened();
  const asked: string[] = [];
  const digestOf = (_: string, tag: string): Promise<undefined> => (
    asked.push(tag),
    Promise.resolve(undefined)
  );
  const error = await failureOf(() => signImage(machine, inputs(), image, { ...target, digestOf }));
  expect(asked).toEqual([`sha256-${"ab".repeat(32)}.sig`]);
  expect(error).toMatchObject({
    code: "push-failed",
    details: { seen: "cosign ended well, and there is none" },
  });
});

test("a password that does not open the key: cosign's reason, and no secret", async () => {
  cosign({ exitCode: 1 });
  await reopened();
  const error = await failureOf(() => signImage(machine, inputs(), image, target));
  expect(error.code).toBe("push-failed");
  expect(error.details.seen).toMatch(/^exit code 1: Error: signing: .*decryption failed$/);
  expect(error.text()).not.toContain("planted");
});

test("a machine without cosign is told before the build", async () => {
  process.env["PATH"] = `${standIn.folder}:/usr/bin:/bin`;
  await reopened();
  const error = await failureOf(() => requireCosign(machine, inputs()));
  expect(error).toMatchObject({
    code: "bad-input",
    details: { what: expect.stringMatching(/^sign: .*no cosign/) as string },
  });
  cosign();
  await reopened();
  await expect(requireCosign(machine, inputs())).resolves.toBeUndefined();
});

test("without sign nothing is asked for", async () => {
  const unsigned = { registry: login } as never;
  await requireCosign(machine, unsigned);
  await expect(signImage(machine, unsigned, image, target)).resolves.toBe("");
});

test("a key file that cannot be read", async () => {
  const unreadable = { sign: { privateKeyPath: "/nonexistent/cosign.key" }, registry: login } as never;
  const error = await failureOf(() => signImage(machine, unreadable, image, target));
  expect(error.text()).toMatch(/^sign\.privateKeyPath: \/nonexistent\/cosign\.key cannot be read/);
});
