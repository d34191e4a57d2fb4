import { join } from "node:path";
import { HostError } from "../../../provider/core/errors";
import { nixosHostSchema } from "../../../provider/nixos/schema";
import { stateOf } from "../../../provider/nixos/state";
import type { EngineLog } from "../../../provider/runtime/engine-log";
import { valueAt, type Inputs } from "../../../provider/runtime/inputs";
import { nixosHost } from "../../../provider/runtime/nixos-host";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import { imageKind } from "../../../provider/runtime/image-kind";
import type { KindOf } from "../../../provider/runtime/kind";
import { nixosKind } from "../../../provider/runtime/nixos-kind";
import { describeNewNixosHost } from "../../../provider/runtime/nixos-preview";
import { failure, partialFailure } from "../../../provider/runtime/results";
import { Row } from "../../../provider/runtime/row";
import { secretsOf, withoutSecrets } from "../../../provider/runtime/secrets";
import { pickInputs, plainState } from "../../../provider/runtime/state";
import { contextOf, inputsOf, nixosFacts, stateWith } from "../support/builders";
import { fcosInputsOf, fcosStateWith } from "../support/fcos-builders";
import { Files } from "./bad-input/files";
import { everyField, everyGoodInput, placeIn } from "./every-field";
import { documentedSecrets, placesOf } from "./secret-places";

const files = new Files();
const variants = everyGoodInput(files);
afterAll(() => files.remove());

const secretProperties = documentedSecrets("connection-args", "nixos-host-args");

const secretFields = everyField().filter((field) => secretProperties.includes(field.split(".").at(-1) ?? ""));

test("the documentation's secrets are found in the schema", () => {
  expect(secretProperties).toEqual(["privateKey", "passphrase", "sudoPassword", "content"]);
  // Four logins, two of them with sudo, three maps of files.
  expect(secretFields).toHaveLength(4 * 2 + 2 + 3);
});

test.each(secretFields)("%s is known, so that it can be kept out of texts", (field) => {
  const values = variants.flatMap((inputs) => {
    const path = placeIn(inputs, field);
    if (path === undefined) return [];
    const value = String(valueAt(inputs, path));
    // Alone: the same key may be given at another place as well.
    return [
      { value, inputs: path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Inputs },
    ];
  });
  expect(values).not.toEqual([]);
  for (const { inputs, value } of values) {
    expect(secretsOf(nixosKind, inputs)).toContain(value);
    for (const line of value.trim().split("\n"))
      expect(withoutSecrets(`a ${line} b`, secretsOf(nixosKind, inputs))).toBe("a [secret] b");
  }
});

const withContent = (content: unknown): Inputs => ({ install: { extraFiles: { "/a": { content } } } });

test.each<[string, unknown, string[]]>([
  ["a letter would hide everything", "a", []],
  ["three letters too", "abc", []],
  ["the line's end is not a part of it", "hunter2\n", ["hunter2\n", "hunter2"]],
  [
    "lines that stand in every text",
    "[Unit]\nroot\n{\ns3cret-line",
    ["[Unit]\nroot\n{\ns3cret-line", "s3cret-line"],
  ],
  [
    "lines of Windows",
    "first-line\r\nsecond-line",
    ["first-line\r\nsecond-line", "second-line", "first-line"],
  ],
  ["a number is none", 12345678, []],
  ["in a list where a text was meant", [["s3cret"]], ["s3cret"]],
  ["nothing", undefined, []],
])("%s", (_, content, secrets) => expect(secretsOf(nixosKind, withContent(content))).toEqual(secrets));

test("the longest is replaced first, or its end would be left", () => {
  const secrets = secretsOf(nixosKind, {
    connection: { passphrase: "hunter22", sudoPassword: "hunter22-and-more" },
  });
  expect(withoutSecrets("hunter22-and-more, hunter22", secrets)).toBe("[secret], [secret]");
});

test.each<[string, KindOf<"secretPaths" | "registryLogins">, (login: Inputs) => Inputs]>([
  ["of a machine", fcosKind, (registry) => ({ registry })],
  ["of an image", imageKind, (registry) => ({ registry })],
  ["of a base image", imageKind, (base) => ({ base })],
])("a registry's login as registries and containers-auth.json have it: %s", (_, kind, inputs) => {
  const [username, password] = ["robot", "hunter22"];
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const secrets = secretsOf(kind, inputs({ username, password }));
  expect(withoutSecrets(`robot ${auth} ${password}`, secrets)).toBe("robot [secret] [secret]");
  expect(secretsOf(kind, inputs({ username }))).toEqual([]);
  expect(secretsOf(kind, inputs({ password }))).toEqual([password]);
});

test("what only the program calls a secret, as a build writes it", () => {
  const run = ['curl -H "token: $HOME"', "first line of two\nsecond line of two"];
  const labels = { team: 'the "a" team' };
  const inputs = { run, labels, __secretPaths: ["run", "labels"] };
  const hide = (text: string) => withoutSecrets(text, secretsOf(imageKind, inputs));
  for (const text of [...run, JSON.stringify(run[0]), JSON.stringify(run[1]), 'the \\"a\\" team'])
    expect(hide(text)).toMatch(/^"?(\[secret\]\n?)+"?$/);
  expect(hide('LABEL "team"="the \\"a\\" team"')).toBe('LABEL "team"="[secret]"');
  expect(secretsOf(imageKind, { run, labels })).toEqual([]);
  for (const __secretPaths of ["run", null, [5, null]])
    expect(secretsOf(imageKind, { run, __secretPaths })).toEqual([]);
});

test("a health check that the program calls a secret, and it stays one in the state", () => {
  const command = "curl -fsS -u me:hunter22 localhost";
  const inputs = fcosInputsOf({ healthChecks: { web: { command } }, __secretPaths: ["healthChecks"] });
  for (const each of [inputs, pickInputs(fcosKind, plainState(fcosStateWith({}, inputs)))])
    expect(withoutSecrets(`web: ${command}: exit 22`, secretsOf(fcosKind, each))).toBe(
      "web: [secret]: exit 22",
    );
});

test.each([{}, { connection: null }, { connection: [], install: 5 }, { install: { extraFiles: "x" } }])(
  "inputs of any shape: %j",
  (inputs) => expect(secretsOf(nixosKind, inputs)).toEqual([]),
);

describe("every text for people is without them", () => {
  const secret = "hunter22";
  const inputs = inputsOf({ connection: { ...inputsOf().connection, user: "ops", sudoPassword: secret } });
  const log = jest.spyOn(console, "log").mockImplementation();
  afterEach(() => log.mockClear());

  test("a log that was cut into lines in the middle of a key", () => {
    const shown: string[] = [];
    const engine = {
      lasting: (text: string) => shown.push(text),
      ephemeral: (text: string) => shown.push(text),
    };
    const row = new Row(engine as unknown as EngineLog, secretsOf(nixosKind, variants[1] ?? {}));
    row.begin(1, 1, "install");
    for (const line of files.ed25519.trim().split("\n")) row.log(line);
    for (const line of files.ed25519.trim().split("\n")) row.lasting(line);
    row.end();
    expect(row.fullLog()).toMatch(/^== install\n(\[secret\]\n?)+$/);
    expect(shown.join("\n")).not.toMatch(/[A-Za-z0-9+/]{30}/);
  });

  test("an error, and the one that keeps the state", () => {
    const row = new Row({} as EngineLog, [secret]);
    const error = new HostError("disko-failed", { what: secret, seen: secret, next: secret, log: secret });
    for (const each of [failure(error, row), partialFailure("web", stateWith(), error, {}, row)]) {
      expect(each.message).toContain("[secret]");
      expect(each.message).not.toContain(secret);
    }
  });

  test("a refusal of diff", async () => {
    const install = {
      ...inputs.install,
      disks: inputs.install?.disks,
      allowReinstall: [secret],
      reinstallTrigger: "2",
    };
    const news = plainState({ ...inputs, install });
    const refusal = nixosHost.diff("web", plainState(stateWith({}, inputs)), news);
    await expect(refusal).rejects.toThrow(/\[secret\]/);
    await expect(refusal).rejects.not.toThrow(secret);
  });

  test("a line of diff", async () => {
    const news = plainState(inputsOf({ ...inputs, booted: { ...inputs.booted, kernelRelease: secret } }));
    await nixosHost.diff("web", plainState(stateWith({}, inputs)), news);
    expect(log.mock.calls.join()).toContain("[secret]");
    expect(log.mock.calls.join()).not.toContain(secret);
  });

  test("a line of delete", async () => {
    await nixosHost.delete("web", { ...plainState(stateWith({}, inputs)), machine: secret });
    expect(log.mock.calls.join()).toContain("[secret]");
  });

  test("a mistake of ours, with its stack", async () => {
    const broken = nixosHost.create({ connection: { sudoPassword: secret }, [secret]: 1 });
    const error = await broken.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain("[secret]");
    expect(`${error?.message} ${error?.stack}`).not.toContain(secret);
  });

  test("a line of a preview", async () => {
    const privateKeyPath = join(files.folder, secret);
    const unseen = {
      ...inputs,
      connection: { ...inputs.connection, host: "127.0.0.1", port: 1, privateKeyPath },
    };
    const [line] = await describeNewNixosHost(plainState(unseen));
    expect(line?.text).toContain("[secret]");
    expect(line?.text).not.toContain(secret);
  });

  test("a refusal of check", async () => {
    const disks = [secret, secret].map((serial, index) => ({ device: `/dev/sd${index}`, serial }));
    const { failures } = await nixosHost.check(
      {},
      plainState({ ...inputs, install: { ...inputs.install, disks } }),
    );
    expect(failures.map(({ reason }) => reason)).toEqual(["install.disks names one serial twice: [secret]"]);
  });
});

/**
 * The engine hands secrets to a dynamic provider as plain values, and marks in the answer what stands where a secret
 * was: a value that moved to another place would lie in the state for everybody to read.
 */
test("in the state every secret stands where it stood in the inputs, and nowhere else", () => {
  for (const variant of variants) {
    const inputs = nixosHostSchema.parse(variant);
    const secrets = secretsOf(nixosKind, variant);
    const state = stateOf(contextOf(inputs), nixosFacts(), { phase: "confirm", unfinished: "" }, undefined);
    expect(placesOf(plainState(state), secrets)).toEqual(placesOf(plainState(inputs), secrets));
  }
});
