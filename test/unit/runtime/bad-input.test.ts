import { nixosHost } from "../../../provider/runtime/nixos-host";
import type { Inputs } from "../../../provider/runtime/inputs";
import { device, hostKey } from "../support/builders";
import { Files } from "./bad-input/files";
import { badInstalls } from "./bad-input/installs";
import { badInstallFiles } from "./bad-input/install-files";
import { badLogins } from "./bad-input/logins";
import { badMachineFiles } from "./bad-input/machine-files";
import { changed, FromFiles, type BadInput } from "./bad-input/row";
import { badSystems } from "./bad-input/systems";

const files = new Files();
const socket = process.env["SSH_AUTH_SOCK"];
beforeAll(() => delete process.env["SSH_AUTH_SOCK"]);
afterAll(() => {
  if (socket !== undefined) process.env["SSH_AUTH_SOCK"] = socket;
  files.remove();
});

/** What Pulumi shows for a machine that is declared for the first time, or again. */
async function refusals(news: Inputs, olds: Inputs = {}): Promise<string[]> {
  const { failures } = await nixosHost.check(olds, news);
  return failures.map(({ reason }) => reason);
}

test("the inputs that all rows change are good", async () => {
  expect(await refusals(files.goodInputs())).toEqual([]);
});

test.each([
  ["connection.hostKey", `${hostKey}\n`],
  ["connection.hostKey", `${hostKey} a comment\n`],
  ["connection.hostKey", [`SHA256:${"A".repeat(43)}\n`]],
  ["connection", { host: "h", hostKey, agent: "/run/agent", user: "ops", sudoPassword: "hunter22\n" }],
])("%s as it stands in a file, with a newline at its end", async (path, value) => {
  const said = await refusals(changed(files.goodInputs(), path, value));
  expect(said.filter((line) => !line.startsWith("connection.agent"))).toEqual([]);
});

describe.each<[string, readonly BadInput[]]>([
  ["logins", badLogins],
  ["systems", badSystems],
  ["installs", badInstalls],
  ["files of an install", badInstallFiles],
  ["files of this machine", badMachineFiles],
])("%s", (_, rows) => {
  test.each(rows)("%s: %s", async (_what, path, value, refusal) => {
    const written = value instanceof FromFiles ? value.make(files) : value;
    const said = await refusals(changed(files.goodInputs(), path, written));
    // One mistake, one line: what follows from it is not told as well.
    expect(said).toHaveLength(1);
    const begin = typeof refusal === "string" ? refusal : refusal(files);
    expect(said[0]?.slice(0, begin.length)).toBe(begin);
  });
});

test("several mistakes are told at once", async () => {
  const two = changed(changed(files.goodInputs(), "machine", ""), "connection.host", "");
  expect(await refusals(two)).toHaveLength(2);
});

test("a key that this user may not read", async () => {
  const isRoot = process.geteuid?.() === 0;
  const inputs = changed(files.goodInputs(), "connection.privateKeyPath", files.forbiddenKey);
  if (isRoot) process.seteuid?.(65534);
  const said = await refusals(inputs).finally(() => isRoot && process.seteuid?.(0));
  expect(said).toContain(
    `connection.privateKeyPath names a file that cannot be read where Pulumi runs: ${files.forbiddenKey} (EACCES)`,
  );
});

test("what was declared before is not looked at again: an installed machine needs no installer", async () => {
  const olds = changed(files.goodInputs(), "install.kexec", { path: files.missing });
  expect(await refusals(olds, olds)).toEqual([]);
  expect(await refusals(changed(olds, "connection.privateKeyPath", files.missing), olds)).toEqual([
    expect.stringMatching(/^connection\.privateKeyPath names a file that does not exist/),
  ]);
});

test("an installed machine may lack what only an install needs", async () => {
  const { install: _, ...news } = files.goodInputs();
  expect(await refusals(news, files.goodInputs())).toEqual([]);
  const adopted = changed(files.goodInputs(), "adopt", true);
  expect(await refusals(changed(adopted, "install.allowReinstall", [device]), adopted)).toEqual([]);
});

test("a part of the phases may leave out what a later one needs", async () => {
  const staged = {
    ...(files.goodInputs()["install"] as Inputs),
    phases: ["kexec"],
    extraFiles: { "/etc/motd": { content: "x" } },
    diskEncryptionKeys: { "/tmp/disk.key": { content: "x" } },
  };
  expect(await refusals({ ...files.goodInputs(), install: staged })).toEqual([]);
});
