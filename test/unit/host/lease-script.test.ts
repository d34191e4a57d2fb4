import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseAnswer } from "../../../provider/host/lease";
import { leaseScript, releaseScript, type LeaseQuestion } from "../../../provider/host/lease-script";

jest.setTimeout(120_000);
const sh = promisify(execFile);
const ram = "/run/pulumi-immutable-os/lease.json";
const disk = "/var/lib/pulumi-immutable-os/lease.json";
const [a, b, c] = ["a", "b", "c"].map((letter) => letter.repeat(32)) as [string, string, string];

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "lease-test-"))));
afterEach(() => rmSync(root, { recursive: true }));

/** In this machine's sh, with the host's places moved below a folder of this test. */
async function inSh(script: string): Promise<string> {
  const moved = script.replaceAll(/(?<![\w}])(\/mnt)?\/(run|var\/lib)\/pulumi-immutable-os/g, `${root}$&`);
  expect(moved).not.toMatch(/[ "'=](\/mnt)?\/(run|var)\//);
  return (await sh("sh", ["-c", `(${moved}\n) 2>&1; true`])).stdout;
}

async function ask(run: string, changes: Partial<LeaseQuestion> = {}) {
  const owner = { holder: `me@it's "here" $HOME`, pid: 7, started: "99", client: "here" };
  const terms = { machine: "web", since: "", takeOver: "", onDisk: false, bootSeconds: 600 };
  const output = await inSh(leaseScript({ ...owner, ...terms, run, ...changes }));
  const answer = parseAnswer(output);
  if (answer === undefined) throw new Error(output);
  return answer;
}

const now = (): number => Math.floor(Date.now() / 1000);
const place = (path: string, text: string): void => {
  mkdirSync(dirname(root + path), { recursive: true });
  writeFileSync(root + path, text);
};
const leaseOf = (run: string, left: number): string =>
  `{"until":${now() + left},"since":${now() - 5},"run":"${run}","holder":"x","pid":1,"started":"1","client":""}\n`;
const onHost = (path: string): string => /"run":"(\w*)"/.exec(readFileSync(root + path, "utf8"))?.[1] ?? "";

test("the first one gets it, with owner, time and run; a second one is told who and until when", async () => {
  const before = now();
  const mine = await ask(a);
  expect(mine.end).toBe("mine");
  const second = await ask(b);
  expect(second.end).toBe("held");
  expect(second.lease).toEqual({
    ...{ holder: `me@it's "here" $HOME`, pid: 7, started: "99", client: "here", run: a },
    ...{ since: expect.any(Number) as number, until: expect.any(Number) as number },
  });
  const { until = 0, since = 0 } = second.lease ?? {};
  expect(until - since).toBe(90);
  expect(since).toBeGreaterThanOrEqual(before);
  expect(since).toBeLessThanOrEqual(now());
  expect(onHost(ram)).toBe(a);
});

test("a renewal moves the end, and keeps since when it is held", async () => {
  place(ram, leaseOf(a, 60));
  const before = now();
  const { end, lease } = await ask(a, { since: "1700000000" });
  expect(end).toBe("mine");
  expect(lease?.since).toBe(1_700_000_000);
  expect(lease?.until).toBeGreaterThanOrEqual(before + 90);
});

test.each<[string, () => void]>([
  ["no lease", () => undefined],
  ["one that is over", () => place(ram, leaseOf(c, -1))],
  ["one that is over by its own run", () => place(ram, leaseOf(a, -1))],
  ["one from a clock that was wrong by years", () => place(ram, leaseOf(c, 90_000_000))],
  ["an empty file", () => place(ram, "")],
  ["another program's file", () => place(ram, '{"hello": 1}\n')],
  ["an expired one on the disk", () => place(disk, leaseOf(c, -1))],
  ["its own on the disk, after a reboot", () => place(disk, leaseOf(a, 500))],
])("%s does not stand in the way", async (_, before) => {
  before();
  expect((await ask(a)).end).toBe("mine");
  expect(onHost(ram)).toBe(a);
});

test.each([ram, disk])("one at %s that is not over does", async (path) => {
  place(path, leaseOf(c, 60));
  expect(await ask(a)).toMatchObject({ end: "held", lease: { run: c } });
  expect(onHost(path)).toBe(c);
  expect((await ask(a, { takeOver: b })).end).toBe("held");
});

test.each([ram, disk])(
  "one at %s of a process that is known to have ended is followed at once",
  async (path) => {
    place(path, leaseOf(c, 60));
    expect((await ask(a, { takeOver: c })).end).toBe("mine");
    expect(onHost(ram)).toBe(a);
  },
);

test.each<[string, () => void]>([
  ["free", () => undefined],
  ["over", () => place(ram, leaseOf(c, -1))],
])("of twelve at once that find it %s, exactly one gets it", async (_, before) => {
  before();
  const runs = Array.from({ length: 12 }, (_, number) => number.toString(16).repeat(32).slice(0, 32));
  const answers = await Promise.all(runs.map((run) => ask(run)));
  const winners = answers.flatMap(({ end }, index) => (end === "mine" ? [runs[index]] : []));
  expect(winners).toEqual([onHost(ram)]);
  expect(readdirSync(dirname(root + ram)).filter((name) => name.startsWith("lease."))).toEqual([
    "lease.json",
  ]);
});

test("a run that was followed has lost it for good, also when the follower has ended", async () => {
  place(ram, leaseOf(a, -1));
  expect((await ask(b)).end).toBe("mine");
  expect(await ask(a, { since: "1" })).toMatchObject({ end: "held", lease: { run: b } });
  await inSh(releaseScript(b));
  expect(await ask(a, { since: "1" })).toMatchObject({ end: "held", lease: undefined });
});

test("a follower that died before it wrote does not keep others out", async () => {
  place(ram, leaseOf(c, -1));
  mkdirSync(join(dirname(root + ram), `over-${c}`));
  expect((await ask(a)).end).toBe("mine");
});

describe("copies on disks, for the time after a reboot", () => {
  const receipt = (path: string, machine = "web"): void =>
    place(`${dirname(path)}/receipt.json`, `{"machine":"${machine}","installKey":"k"}\n`);
  const untilOn = (path: string): number =>
    Number(/"until":(\d+)/.exec(readFileSync(root + path, "utf8"))?.[1]);

  test("none where nothing is ours", async () => {
    receipt(disk, "db");
    receipt(`/mnt${disk}`);
    await ask(a);
    expect([disk, `/mnt${disk}`].map((path) => existsSync(root + path))).toEqual([false, false]);
  });

  test("on our installed system, for the time of a boot longer", async () => {
    receipt(disk);
    const before = now();
    await ask(a);
    expect(untilOn(disk)).toBeGreaterThanOrEqual(before + 690);
    expect(onHost(disk)).toBe(a);
  });

  test("on a system that becomes ours", async () => {
    await ask(a, { onDisk: true });
    expect(onHost(disk)).toBe(a);
  });

  test("on the new disk below /mnt, in the installer that holds our receipt", async () => {
    receipt(ram);
    receipt(`/mnt${disk}`);
    await ask(a);
    expect([onHost(`/mnt${disk}`), existsSync(root + disk)]).toEqual([a, false]);
  });

  test("a disk that cannot be written does not end the run", async () => {
    place("/var/lib/pulumi-immutable-os", "a file in the way");
    expect((await ask(a, { onDisk: true })).end).toBe("mine");
  });
});

test("a release removes what is of this run, everywhere, and nothing else", async () => {
  for (const path of [ram, disk, `/mnt${disk}`]) place(path, leaseOf(path === disk ? b : a, 60));
  await inSh(releaseScript(a));
  expect([ram, disk, `/mnt${disk}`].map((path) => existsSync(root + path))).toEqual([false, true, false]);
});

test("a host where nothing can be written says so", async () => {
  place("/run/pulumi-immutable-os", "a file in the way");
  await expect(ask(a)).rejects.toThrow(/File exists|not a directory/i);
});
