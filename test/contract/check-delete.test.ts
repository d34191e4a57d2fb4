import { runtime } from "@pulumi/pulumi";
import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { Props } from "./provider-process";
import { Stage, urnOf } from "./support";

const stage = new Stage();
const unknown = runtime.unknownValue;
let machine: Machine;
let good: Props;

beforeAll(async () => {
  machine = await stage.machine();
  good = stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90") });
});
afterAll(() => expect(machine.contacts).toBe(0));

const part = (key: string, more: Props): Props => ({ ...good, [key]: { ...(good[key] as Props), ...more } });
const failures = async (news: Props, olds: Props = {}): Promise<string[]> =>
  (await stage.provider.check(olds, news)).failures;

test("good inputs pass as they are", async () => {
  const { inputs, failures: none } = await stage.provider.check({}, good);
  expect(none).toEqual([]);
  expect(inputs).toMatchObject(good);
});

const bad: [string, () => Props, RegExp][] = [
  ["no host key", () => part("connection", { hostKey: undefined }), /^connection\.hostKey is missing/],
  ["a host key that is none", () => part("connection", { hostKey: "yes" }), /^connection\.hostKey /],
  ["a port beyond all ports", () => part("connection", { port: 70_000 }), /^connection\.port must be a port/],
  [
    "two keys",
    () => part("connection", { privateKeyPath: "/key" }),
    /^connection\.privateKeyPath give one of/,
  ],
  [
    "a misspelt property",
    () => part("connection", { hots: "a" }),
    /^connection\.hots is not a known property; did you mean host\?/,
  ],
  ["a machine without a name", () => ({ ...good, machine: "" }), /^machine must be a name/],
  [
    "a disk that is no path",
    () => part("install", { disks: [{ device: "sda" }] }),
    /^install\.disks\[0\]\.device must be a path/,
  ],
  [
    "a disk that the layout does not wipe",
    () => part("install", { disks: [{ device: "/dev/sdz" }] }),
    /^install\.disks must name exactly/,
  ],
  [
    "phases with a gap",
    () => part("install", { phases: ["kexec", "install"] }),
    /^install\.phases must be a stretch/,
  ],
  [
    "a url without its hash",
    () => part("install", { kexec: { url: "https://example.org/k.tar.gz" } }),
    /^install\.kexec\.sha256 is required/,
  ],
  ["a flake without a name", () => ({ ...good, system: { flake: "./machines" } }), /^system\.flake must be/],
  ["no address", () => part("connection", { host: undefined }), /^connection\.host is missing/],
  [
    "no installer for a new machine",
    () => part("install", { kexec: undefined }),
    /^install\.kexec is missing/,
  ],
];

test.each(bad)("%s is named", async (_, news, expected) => {
  expect(await failures(JSON.parse(JSON.stringify(news())) as Props)).toContainEqual(
    expect.stringMatching(expected),
  );
});

test("a failure never carries a secret", async () => {
  const key = String((good["connection"] as Props)["privateKey"]);
  const reasons = await failures(part("connection", { privateKey: key, hostKey: "yes", passphrase: 5 }));
  expect(reasons.length).toBeGreaterThan(1);
  expect(reasons.join()).not.toContain(key.split("\n")[1]);
});

test.each([
  [
    "everything but the machine",
    () => ({ ...Object.fromEntries(Object.keys(good).map((key) => [key, unknown])), machine: "web" }),
  ],
  ["the address", () => part("connection", { host: unknown })],
  ["the host key", () => part("connection", { hostKey: unknown })],
  ["a disk's serial", () => part("install", { disks: [{ device: unknown, serial: unknown }] })],
  ["the whole connection", () => ({ ...good, connection: unknown })],
  [
    "the system",
    () => ({
      ...good,
      system: unknown,
      current: unknown,
      booted: unknown,
      bootDefault: unknown,
      layout: unknown,
    }),
  ],
])("unknown: %s passes", async (_, news) => {
  expect(await failures(news())).toEqual([]);
});

test("what is wrong beside an unknown is still said", async () => {
  expect(await failures(part("connection", { host: unknown, port: -1 }))).toEqual([
    expect.stringMatching(/^connection\.port/),
  ]);
});

test("Nix's own message, word for word, and no stack", async () => {
  const nix =
    "./machines#web does not evaluate. Nix says:\nerror: attribute 'kernl' missing\n       at /flake.nix:3:5:\n";
  expect(await failures({ ...good, __evaluationError: nix })).toEqual([`system.flake: ${nix}`]);
});

test("an installed machine needs no installer any more", async () => {
  const { install: _, ...without } = good;
  expect(await failures(without, good)).toEqual([]);
});

test("delete opens no connection, and says that it forgets", async () => {
  await stage.provider.delete("web", { ...good, machine: "web" });
  expect(stage.provider.engine.lasting(urnOf(good))).toEqual([
    "forgotten: the machine web keeps running, nothing on it was changed",
  ]);
});
