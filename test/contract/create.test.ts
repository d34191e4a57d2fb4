import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import { kernels } from "./machine-parts";
import { done, Stage, urnOf } from "./support";
import type { Props } from "./provider-process";
import { makeKey } from "./ssh-host";

const stage = new Stage();
const passphrase = "correct horse battery staple";

/** One whole create, looked at from all sides. */
let machine: Machine;
let news: Props;
let props: Props;
let receipts: string[];
let steps: string[];
let connections: number;
let wiped: number;

beforeAll(async () => {
  machine = await stage.machine();
  const key = makeKey("ed25519", passphrase);
  machine.authorize(key);
  news = stage.inputs(machine, {
    system: newSystem(machine, "c", "6.12.90"),
    connection: { privateKey: key.privateKey, passphrase },
  });
  props = done(await stage.provider.create(news)).props;
  ({ receipts, steps, connections } = machine);
  wiped = machine.disk.wiped;
});

const lasting = (): string[] => stage.provider.engine.lasting(urnOf(news));

test("the phases prove themselves in order", () => {
  expect(lasting().map((line) => line.split(":")[0])).toEqual([
    "preflight",
    "kexec",
    expect.stringMatching(/^wiping /),
    "disko",
    "install",
    "reboot",
    "confirm",
  ]);
  expect(lasting()).toContainEqual(
    expect.stringContaining(`kernel ${kernels.debian} → ${kernels.installer}, boot_id changed`),
  );
  expect(lasting()).toContainEqual(
    expect.stringContaining(`kernel ${kernels.installer} → 6.12.90, boot_id changed`),
  );
});

test("what is wiped is said before it is wiped, with model, serial, size and content", () => {
  expect(lasting()[2]).toMatch(
    /^wiping \/dev\/disk\/by-id\/virtio-LABDISK1 \(QEMU HARDDISK, serial LABDISK1, 4.0 GiB; holds ext4/,
  );
  expect(wiped).toBe(1);
});

test("one connection a boot: three", () => {
  expect(connections).toBe(3);
});

test("every line is on the resource's own row, and every step says which of how many it is", () => {
  const { lines } = stage.provider.engine;
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => line.urn !== urnOf(news))).toEqual([]);
  const ephemeral = lines.filter((line) => line.ephemeral);
  const names = ephemeral.map((line) => /^\[\d\/7\] [a-z]+/.exec(line.message)?.[0] ?? line.message);
  expect([...new Set(names)]).toEqual([
    "[1/7] preflight",
    "[2/7] build",
    "[3/7] kexec",
    "[4/7] disko",
    "[5/7] install",
    "[6/7] reboot",
    "[7/7] confirm",
    "",
  ]);
  expect(ephemeral.at(-1)?.message).toBe("");
});

test("lasting lines are stream 0, the status has a stream of its own", () => {
  for (const line of stage.provider.engine.lines) expect(line.stream === 0).toBe(!line.ephemeral);
});

test("a phase that must not be interrupted says so while it runs", () => {
  const messages = stage.provider.engine.lines.map((line) => line.message);
  for (const phase of ["disko", "install"]) {
    expect(messages).toContainEqual(expect.stringMatching(new RegExp(`${phase}.*must not be interrupted`)));
  }
});

test("the state: every declared output, plain JSON, small", () => {
  const { privateKey: _, ...connection } = props["connection"] as Props;
  const size = JSON.stringify({ ...props, connection }).length;
  expect(size).toBeLessThan(4096);
  expect(props).toMatchObject({
    machine: "web",
    phase: "confirm",
    unfinished: "",
    hostKeys: [machine.hostKey.publicKey],
    machineId: expect.stringMatching(/^[0-9a-f]{32}$/),
    bootId: machine.ram.bootId,
    booted: news["booted"],
    current: news["current"],
    bootDefault: news["bootDefault"],
    kexecImage: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), kernelRelease: kernels.installer },
    disks: [{ serial: "LABDISK1", sizeBytes: 4_294_967_296 }],
    history: [{ kernelRelease: "6.12.90" }],
    attempts: [],
  });
});

test("the receipt after each phase, and where it is", () => {
  expect(receipts.map((receipt) => receipt.replace(/ \{.*"done":/, " ").replace(/,"attempts.*/, ""))).toEqual(
    [
      'ram ["kexec"]',
      'ram ["kexec"],"wiping":true',
      'ram ["kexec","disko"]',
      'disk ["kexec","disko"]',
      'ram ["kexec","disko","install"]',
      'disk ["kexec","disko","install"]',
    ],
  );
  const device = ((news["install"] as Props)["disks"] as Props[])[0]?.["device"];
  const disks = [{ device, serial: "LABDISK1", wwn: "", sizeBytes: 4_294_967_296 }];
  for (const receipt of receipts)
    expect(JSON.parse(receipt.slice(receipt.indexOf("{")))).toMatchObject({ machine: "web", disks });
});

test("the disks prove themselves right before the wipe", () => {
  const wipe = steps.indexOf("start disko in installer #1");
  expect(steps.slice(wipe - 3, wipe)).toEqual([
    "probe in installer #2",
    "receipt in installer #2",
    "is disko at work in installer #2",
  ]);
});

test("secrets stand nowhere but under their own input keys", async () => {
  const secrets = [(news["connection"] as Props)["privateKey"], passphrase] as string[];
  const { connection, ...others } = props;
  const { privateKey: _key, passphrase: _passphrase, ...rest } = connection as Props;
  const calls = await stage.provider.nixCalls();
  expect(calls.length).toBeGreaterThan(2);
  for (const place of [others, rest, stage.provider.engine.lines, calls, machine.heard]) {
    const text = JSON.stringify(place);
    for (const secret of secrets)
      for (const line of secret.split("\n")) {
        if (line.length > 20 && !line.startsWith("-----")) expect(text).not.toContain(line);
      }
  }
});
