import { runtime } from "@pulumi/pulumi";
import {
  hasUnknowns,
  inputProblems,
  parseInputs,
  secretsOf,
  type Inputs,
} from "../../../provider/runtime/inputs";
import { device, inputsOf } from "../support/builders";

const unknown = runtime.unknownValue;
const secret = "-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0";

/** Valid inputs with the value at a dotted path replaced; `undefined` removes it. */
function inputsWith(path: string, value: unknown): Inputs {
  const inputs = JSON.parse(JSON.stringify(inputsOf())) as Inputs;
  const keys = path.split(".");
  const parent = keys.slice(0, -1).reduce<Inputs>((inner, key) => (inner[key] ??= {}) as Inputs, inputs);
  if (value === undefined) delete parent[keys.at(-1) as string];
  else parent[keys.at(-1) as string] = value;
  return inputs;
}

test("valid inputs have no problems, with the engine's own key as well", () => {
  expect(inputProblems({ ...inputsOf() })).toEqual([]);
  expect(inputProblems({ ...inputsOf(), __provider: "exports.handler=…" })).toEqual([]);
  expect(parseInputs({ ...inputsOf(), __provider: "x" })).toEqual(inputsOf());
});

test.each<[string, unknown, RegExp]>([
  ["machine", undefined, /^machine is missing \(a string\)$/],
  ["machine", "", /^machine must be a name/],
  ["machine", "a b", /^machine must be a name/],
  ["machine", "-x", /^machine must be a name/],
  ["machine", 7, /^machine must be a string, not a number$/],
  ["machin", "web", /^machin is not a known property$/],
  ["connection", undefined, /^connection is missing \(an object\)$/],
  ["connection", "root@host", /^connection must be an object, not a string$/],
  ["connection.host", undefined, /^connection\.host is missing/],
  ["connection.host", "", /^connection\.host must not be empty$/],
  ["connection.hots", "x", /^connection\.hots is not a known property$/],
  ["connection.port", 0, /^connection\.port must be a port from 1 to 65535$/],
  ["connection.port", 65536, /^connection\.port must be a port from 1 to 65535$/],
  ["connection.port", 22.5, /^connection\.port/],
  ["connection.port", "22", /^connection\.port must be a (number|int), not a string$/],
  ["connection.user", "", /^connection\.user must not be empty$/],
  ["connection.hostKey", undefined, /^connection\.hostKey is missing: .*accept-new/],
  ["connection.hostKey", "yes", /^connection\.hostKey/],
  ["connection.hostKey", [], /^connection\.hostKey/],
  ["connection.hostKey", "SHA256:short", /^connection\.hostKey/],
  [
    "connection.deadlines",
    { bootSeconds: 0 },
    /^connection\.deadlines\.bootSeconds must be a number of seconds above 0$/,
  ],
  ["connection.deadlines", { boot: 1 }, /^connection\.deadlines\.boot is not a known property$/],
  ["install.phases", [], /^install\.phases must name at least one phase$/],
  [
    "install.phases",
    ["kexec", "install"],
    /^install\.phases must be a stretch of kexec, disko, install, reboot/,
  ],
  ["install.phases", ["disko", "kexec"], /^install\.phases must be a stretch/],
  ["install.phases", ["kexec", "kexec"], /^install\.phases must be a stretch/],
  ["install.phases", ["format"], /^install\.phases\.0/],
  ["install.kexec", {}, /^install\.kexec needs either path or url$/],
  [
    "install.kexec",
    { path: "a", url: "https://h/a", sha256: "a".repeat(64) },
    /^install\.kexec needs either path or url$/,
  ],
  ["install.kexec", { url: "https://h/a" }, /^install\.kexec\.sha256 is required with url/],
  ["install.kexec", { url: "not a url", sha256: "a".repeat(64) }, /^install\.kexec\.url/],
  ["install.kexec", { path: "a", sha256: "A1" }, /^install\.kexec\.sha256 must be 64 hexadecimal digits/],
  ["install.disks", [], /^install\.disks must name at least one disk$/],
  ["install.disks", [{ device: "sda" }], /^install\.disks\.0\.device must be a path below \/dev$/],
  ["install.disks", [{ device }, { device }], /^install\.disks names one device twice$/],
  [
    "install.disks",
    [{ device: "/dev/other" }],
    /^install\.disks must name exactly the disks that the layout wipes: .*LAB1$/,
  ],
  ["install.disks", [{ device, sizeBytes: -1 }], /^install\.disks\.0\.sizeBytes/],
  ["install.disks", [{ device, size: 1 }], /^install\.disks\.0\.size is not a known property$/],
  ["install.allowReinstall", true, /^install\.allowReinstall must be an array, not a boolean$/],
  [
    "install.connection",
    { privateKeyPath: "a", agent: true },
    /^install\.connection\.privateKeyPath give one of/,
  ],
  ["install.connection", { deadlines: {} }, /^install\.connection\.deadlines is not a known property$/],
  ["system", undefined, /^system must be either/],
  ["system", { flake: "./machines" }, /^system must be either|^system\.flake must be/],
  ["system", { flake: "./m#a", toplevel: "x" }, /^system/],
  ["system", { toplevel: "/nix/store/short" }, /^system/],
])("%s = %j", (path, value, message) => {
  const problems = inputProblems(inputsWith(path, value));
  expect(problems[0]).toMatch(message);
  // Disks that are wrong by themselves are not those of the layout either.
  expect(problems.length).toBeLessThanOrEqual(path === "install.disks" ? 2 : 1);
});

test.each(["privateKey and a path", "privateKey and the agent"])("one login has one key: %s", (which) => {
  const second = which.endsWith("path") ? { privateKeyPath: "id" } : { agent: true };
  const inputs = inputsWith("connection", { ...inputsOf().connection, privateKey: secret, ...second });
  expect(inputProblems(inputs)).toEqual([
    "connection.privateKeyPath give one of privateKey, privateKeyPath and agent",
  ]);
});

test("agent: false next to a key is no second key", () => {
  const inputs = inputsWith("connection", { ...inputsOf().connection, privateKeyPath: "id", agent: false });
  expect(inputProblems(inputs)).toEqual([]);
});

test("several problems are told at once", () => {
  expect(
    inputProblems({ ...inputsWith("machine", ""), connection: { host: "", hostKey: "accept-new" } }),
  ).toHaveLength(2);
});

const paths = [
  ...[
    "machine",
    "connection",
    "connection.host",
    "connection.port",
    "connection.hostKey",
    "connection.privateKey",
  ],
  ...[
    "connection.deadlines",
    "install",
    "install.kexec",
    "install.kexec.path",
    "install.disks",
    "install.disks.0.device",
  ],
  ...[
    "install.phases",
    "install.phases.0",
    "install.allowReinstall",
    "system",
    "system.flake",
    "booted",
    "booted.toplevel",
  ],
  ...[
    "current",
    "bootDefault.toplevel",
    "layout",
    "layout.devices",
    "layout.hash",
    "__bootKey",
    "__diskoScript",
    "__needs",
  ],
];

test.each(paths)("an unknown %s is right until it is known", (path) => {
  const inputs = inputsWith(path, unknown);
  expect(inputProblems(inputs)).toEqual([]);
  expect(hasUnknowns(inputs)).toBe(true);
});

test("an unknown value hides no other problem", () => {
  expect(inputProblems({ ...inputsWith("connection.host", unknown), machine: "" })).toEqual([
    expect.stringMatching(/^machine /),
  ]);
});

test("unknowns are found however deep", () => {
  expect(hasUnknowns({ a: [{ b: unknown }] })).toBe(true);
  expect(hasUnknowns({ a: [{ b: "known" }], c: null })).toBe(false);
});

test("no message holds a secret, whatever is wrong around it", () => {
  for (const broken of [
    { privateKey: secret, passphrase: 7 },
    { privateKey: [secret] },
    { passphrase: { secret } },
    { privateKey: secret, agent: secret },
  ]) {
    const inputs = inputsWith("connection", { ...inputsOf().connection, ...broken });
    expect(inputProblems(inputs).length).toBeGreaterThan(0);
    expect(inputProblems(inputs).join()).not.toContain(secret);
  }
});

test("the secrets of both logins are known, so that they can be kept out of texts", () => {
  const connection = { privateKey: "key-1", passphrase: "words-1" };
  expect(secretsOf({ connection, install: { connection: { privateKey: "key-2" } } })).toEqual([
    "key-1",
    "words-1",
    "key-2",
  ]);
  expect(secretsOf({ connection: { privateKeyPath: "id", passphrase: "abc" } })).toEqual([]);
  expect(secretsOf({})).toEqual([]);
});
