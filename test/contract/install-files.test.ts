import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crowded, newSystem } from "./machine-inputs";
import type { FaultKind, Machine } from "./machine-model";
import { diskFiles, ramFiles } from "./played-install";
import type { Props, Result } from "./provider-process";
import { makeKey } from "./ssh-host";
import { done, failed, inPool, parseError, partial, Stage, urnOf, within } from "./support";

const stage = new Stage();
const given = makeKey("ed25519");

const secrets = {
  file: "s3cr3t-of-the-extra-file 'quoted'\nand more of it",
  local: "s3cr3t-in-a-local-file",
  disk: "s3cr3t-of-the-disk",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "immutable-os-files-"));
  await writeFile(join(folder, "local"), secrets.local, { mode: 0o640 });
});
afterAll(() => rm(folder, { recursive: true }));

async function declared(
  install: Props = {},
  connection: Props = {},
): Promise<{ machine: Machine; news: Props }> {
  const machine = await stage.machine({ hostKeys: { nixos: given } });
  const system = newSystem(machine, "c", "6.12.90");
  const news = stage.inputs(machine, {
    system,
    connection: { hostKey: "accept-new", ...connection },
    install: {
      extraFiles: {
        "/var/lib/secret": { content: secrets.file, owner: "alice:users", mode: "0440" },
        "/etc/local": { source: join(folder, "local") },
        "/etc/numbers": { content: "x", owner: "1000:100" },
      },
      diskEncryptionKeys: { "/tmp/disk.key": { content: secrets.disk } },
      sshHostKeys: { ed25519: { content: given.privateKey } },
      ...install,
    },
  });
  return { machine, news };
}

const expectedFiles = {
  "/var/lib/secret": { text: secrets.file, mode: "440", owner: "1000:100" },
  "/etc/local": { text: secrets.local, mode: "640", owner: "0:0" },
  "/etc/numbers": { text: "x", mode: "600", owner: "1000:100" },
  "/etc/ssh/ssh_host_ed25519_key": { text: `${given.privateKey.trim()}\n`, mode: "600", owner: "0:0" },
  "/etc/ssh/ssh_host_ed25519_key.pub": { text: `${given.publicKey}\n`, mode: "644", owner: "0:0" },
};

test("files, disk keys and host keys: where they must be, when they must be there, and nowhere else", async () => {
  const { machine, news } = await declared();
  let beforeDisko: string[] = [];
  void machine
    .reached("check files in installer #1")
    .then(() => (beforeDisko = [...ramFiles(machine).keys()]));
  const { props } = done(await stage.provider.create(news));
  expect(Object.fromEntries(diskFiles(machine))).toEqual(expectedFiles);
  expect(beforeDisko).toEqual(["/tmp/disk.key"]);
  expect(props["hostKeys"]).toEqual([given.publicKey]);

  const order = machine.steps.filter((step) => /files|file|keys|start (disko|install)/.test(step));
  expect(order.map((step) => step.replace(/ in installer #\d+/, ""))).toEqual([
    "write files",
    "check files",
    "start disko",
    "remove keys",
    "write files",
    "upload file",
    "check files",
    "start install",
    "check files",
  ]);

  const { install: _, connection: _c, ...others } = props;
  const calls = await stage.provider.nixCalls();
  // Scripts and contents travel on stdin: the commands are what a process list shows.
  const commands = machine.heard.filter((_text, index) => index % 2 === 0);
  expect(commands.length).toBeGreaterThan(20);
  const key = given.privateKey.split("\n")[2] ?? "";
  expect(machine.heard.join("\n")).toContain(key);
  for (const place of [
    others,
    stage.provider.engine.lines,
    calls,
    commands,
    machine.receipts,
    stage.provider.output,
  ])
    for (const secret of [...Object.values(secrets), key])
      expect(JSON.stringify(place)).not.toContain(secret.split("'")[0]);
  const jobs = machine.heard.filter((text) => /jobs\/\w+\/script|jobs\/\w+\/start/.test(text)).join("\n");
  for (const secret of [...Object.values(secrets), key]) expect(jobs).not.toContain(secret.split("'")[0]);
});

const steps = [
  "write files in installer #1",
  "check files in installer #1",
  "remove keys in installer #1",
  "write files in installer #2",
  "upload file in installer #1",
  "check files in installer #2",
  "check files in installer #3",
];
const kinds: FaultKind[] = ["exit code", "cut before", "cut in the middle", "silence", "garbage"];

test("a fault at any of these commands: a clear end, no key is left, and the next up reaches the end", async () => {
  const trials = kinds.flatMap((kind) => steps.map((step) => ({ kind, step })));
  const reports = await inPool(trials, 40, async ({ kind, step }) => {
    const { machine, news } = await declared({}, crowded);
    machine.fault = { step, kind };
    try {
      const first = await within(240, "create", stage.provider.create(news));
      const problems = [!machine.faultFired && "the fault was never reached", ...judge(first)];
      await machine.settled();
      const last = await within(240, "the next up", upAgain(first, news));
      problems.push(
        last.end !== "done" && `the next up: ${"message" in last ? last.message : ""}`,
        machine.disk.wiped > 2 && `wiped ${machine.disk.wiped} times`,
        ramFiles(machine).size > 0 && `left: ${[...ramFiles(machine).keys()].join()}`,
        !isDeepStrictEqual(Object.fromEntries(diskFiles(machine)), expectedFiles) &&
          `files: ${JSON.stringify([...diskFiles(machine).keys()])}`,
        ...machine.violations.splice(0),
      );
      return problems.filter(Boolean).map((problem) => `${kind} at ${step}: ${problem}`);
    } catch (error) {
      return [`${kind} at ${step}: ${String(error)}`];
    }
  });
  expect(reports.flat()).toEqual([]);
}, 900_000);

function judge(result: Result): (string | false)[] {
  if (result.end === "done") return [];
  const { code, parts } = parseError(result.message);
  return [
    code === "" && `no code: ${result.message}`,
    !parts.includes("next") && `nothing says what to do next: ${result.message}`,
    Object.values(secrets).some((secret) => result.message.includes(secret.slice(0, 12))) &&
      "a secret in the error",
  ];
}

function upAgain(first: Result, news: Props): Promise<Result> {
  if (first.end === "partial") return stage.provider.update("web", first.props, news);
  return first.end === "failed" ? stage.provider.create(news) : Promise.resolve(first);
}

test("killed in the middle of the install: create goes on, and writes the files again", async () => {
  const { machine, news } = await declared();
  const reached = machine.reached("check files in installer #2");
  const create = stage.provider.create(news);
  await reached;
  await stage.provider.kill();
  await create;
  await stage.provider.launch();
  done(await stage.provider.create(news));
  expect(Object.fromEntries(diskFiles(machine))).toEqual(expectedFiles);
  expect(machine.disk.wiped).toBe(1);
});

test.each<[string, Props, string]>([
  [
    "a source that is not there",
    { extraFiles: { "/etc/x": { source: "/nowhere/at all" } } },
    'install.extraFiles["/etc/x"].source: /nowhere/at all cannot be read: ENOENT',
  ],
  [
    "a disk key that is not there",
    { diskEncryptionKeys: { "/tmp/k": { source: "/nowhere/at all" } } },
    'install.diskEncryptionKeys["/tmp/k"].source: /nowhere/at all cannot be read: ENOENT',
  ],
  [
    "a public key for a private one",
    { sshHostKeys: { ed25519: { content: given.publicKey } } },
    "install.sshHostKeys.ed25519 is no ed25519 host key",
  ],
])("%s ends the create before anything is touched", async (_, install, what) => {
  const { machine, news } = await declared(install);
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ phase: "files", code: "bad-input" });
  expect(message).toContain(what);
  expect(machine.system).toBe("debian");
  expect(machine.steps.filter((step) => !/^(probe|release lease|renew lease) /.test(step))).toEqual([]);
});

test("a declared host key that the given one contradicts ends the create before anything is touched", async () => {
  const present = await stage.machine();
  const { machine, news } = await declared({}, { hostKey: present.hostKey.publicKey });
  const install = { ...(news["install"] as Props), connection: { hostKey: machine.hostKey.publicKey } };
  const { message } = failed(await stage.provider.create({ ...news, install }));
  expect(parseError(message)).toMatchObject({ phase: "files", code: "bad-input" });
  expect(message).toContain("connection.hostKey does not accept install.sshHostKeys.ed25519");
});

test("with the new key in connection and the present one in install.connection both are checked", async () => {
  const { machine, news } = await declared({}, { hostKey: given.publicKey });
  const install = { ...(news["install"] as Props), connection: { hostKey: machine.hostKey.publicKey } };
  const { props } = done(await stage.provider.create({ ...news, install }));
  expect(props["hostKeys"]).toEqual([given.publicKey]);
});

test("a way through a symlink, and an owner that nobody is: named, and the next up goes on when they are corrected", async () => {
  const { machine, news } = await declared({ extraFiles: { "/var/run/x": { content: "x" } } });
  const first = partial(await stage.provider.create(news));
  expect(parseError(first.message)).toEqual({
    ...{ phase: "install", code: "install-failed", parts: ["expected", "seen", "next"] },
  });
  expect(first.message).toContain('install.extraFiles["/var/run/x"] could not be written');
  const withFile = (extraFiles: Props): Props => ({
    ...news,
    install: { ...(news["install"] as Props), extraFiles },
  });
  const nobody = withFile({ "/etc/x": { content: "x", owner: "bob" } });
  const second = partial(await stage.provider.update("web", first.props, nobody));
  expect(second.message).toContain("the new system has no user bob");
  const right = withFile({ "/etc/x": { content: "x", owner: "alice" } });
  done(await stage.provider.update("web", second.props, right));
  expect(diskFiles(machine).get("/etc/x")).toEqual({ text: "x", mode: "600", owner: "1000:0" });
  expect(machine.disk.wiped).toBe(1);
});

test("on an installed machine a changed file is said to be for an install only, and the state takes it", async () => {
  const { machine, news } = await declared();
  const { props } = done(await stage.provider.create(news));
  const install = {
    ...(news["install"] as Props),
    extraFiles: { "/etc/new": { content: "another-secret" } },
  };
  const changed = { ...news, install };
  const lines = stage.provider.engine.lasting(urnOf(news)).length;
  const diff = await stage.provider.diff("web", props, changed);
  expect(diff.changes).not.toBe("none");
  expect(stage.provider.engine.lasting(urnOf(news)).slice(lines)).toEqual([
    "install.extraFiles changed: only an install uses that, the installed machine keeps what it has",
  ]);
  const after = done(await stage.provider.update("web", props, changed));
  expect((after.props["install"] as Props)["extraFiles"]).toEqual(install.extraFiles);
  expect(diskFiles(machine).has("/etc/new")).toBe(false);
  expect((await stage.provider.diff("web", after.props, changed)).changes).toBe("none");
});
