import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalResult } from "../../../provider/core/shell";
import { Evaluator, splitReference } from "../../../provider/nixos/evaluate";
import { alpha } from "../support/builders";
import { failureOf } from "../support/fake-shell";

let folder: string;
const cacheBefore = process.env["IMMUTABLE_OS_CACHE"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evaluate-test-"));
  process.env["IMMUTABLE_OS_CACHE"] = join(folder, "cache");
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => {
  if (cacheBefore === undefined) delete process.env["IMMUTABLE_OS_CACHE"];
  else process.env["IMMUTABLE_OS_CACHE"] = cacheBefore;
});

const raw = (name: string) => ({
  toplevel: `/nix/store/${name}`,
  kernelRelease: "6.1.2",
  kernel: "/nix/store/kernel",
  modules: "/nix/store/modules",
  initrd: "/nix/store/initrd",
  kernelParams: ["quiet"],
  diskoScript: "",
  devices: { disk: { main: { device: "/dev/vda", destroy: true } } },
  needs: { system: "x86_64-linux", bootMode: "uefi" },
});

/** A stand-in for the program nix: a flake of some revision in which some configurations are broken. */
function fakeNix({ broken = [] as string[], narHash = "sha256-A" } = {}) {
  const evals: string[][] = [];
  const nix = { evals, narHash, flakes: [] as string[] };
  const run = async (_program: string, args: readonly string[]): Promise<LocalResult> => {
    if (args.includes("metadata")) {
      nix.flakes.push(args.at(-1) as string);
      const stdout = JSON.stringify({
        locked: nix.narHash === "" ? {} : { narHash: nix.narHash },
        locks: {},
        url: "path:.",
      });
      return { exitCode: 0, stdout, stderr: "" };
    }
    const asked = [...(args.at(-1) as string).matchAll(/"(host\d)"/g)].map((match) => match[1] as string);
    evals.push(asked);
    const bad = asked.find((name) => broken.includes(name));
    if (bad) return { exitCode: 1, stdout: "", stderr: `error: ${bad} has no fileSystems` };
    return {
      exitCode: 0,
      stdout: JSON.stringify(Object.fromEntries(asked.map((name) => [name, raw(name)]))),
      stderr: "",
    };
  };
  return Object.assign(nix, { run });
}

test("all hosts of one flake that ask in one turn share one run", async () => {
  const nix = fakeNix();
  const evaluator = new Evaluator(nix.run);
  const found = await Promise.all(
    ["host1", "host2", "host3", "host1"].map((name) => evaluator.evaluate({ flake: `./f#${name}` })),
  );
  expect(nix.evals).toEqual([["host1", "host2", "host3"]]);
  expect(found.map((each) => each.toplevel)).toEqual(
    ["host1", "host2", "host3", "host1"].map((name) => `/nix/store/${name}`),
  );
});

test("another flake is another run", async () => {
  const nix = fakeNix({ narHash: "" });
  const evaluator = new Evaluator(nix.run);
  await Promise.all(["./f#host1", "./g#host1"].map((flake) => evaluator.evaluate({ flake })));
  expect(nix.evals).toHaveLength(2);
  expect(nix.flakes).toEqual(["./f", "./g"]);
});

test("settings of Nix reach both of its commands, and are a run and a cache entry of their own", async () => {
  const nix = fakeNix();
  const calls: string[][] = [];
  const run = (program: string, args: readonly string[]): Promise<LocalResult> => {
    calls.push(args.filter((_, index) => index >= 2));
    return nix.run(program, args);
  };
  const evaluator = new Evaluator(run);
  const given = { "allow-import-from-derivation": "false" };
  const evaluate = (options?: typeof given) => evaluator.evaluate({ flake: "./f#host1" }, options);
  await evaluate();
  await Promise.all([evaluate(), evaluate(given)]);
  await Promise.all([evaluate(), evaluate(given)]);
  expect(nix.evals).toEqual([["host1"], ["host1"]]);
  const option = ["--option", "allow-import-from-derivation", "false"];
  expect(calls.filter((args) => args.includes("--option")).map((args) => args.slice(0, 5))).toEqual([
    [...option, "flake", "metadata"],
    [...option, "eval", "--json"],
    [...option, "flake", "metadata"],
  ]);
  expect(calls).toHaveLength(7);
});

test("one broken configuration gets its own message, and the others survive", async () => {
  const nix = fakeNix({ broken: ["host2"] });
  const evaluator = new Evaluator(nix.run);
  const found = await Promise.allSettled(
    ["host1", "host2", "host3"].map((name) => evaluator.evaluate({ flake: `./f#${name}` })),
  );
  expect(found.map((each) => each.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const error = await failureOf(() => evaluator.evaluate({ flake: "./f#host2" }));
  expect(error.text()).toBe(
    "./f#host2 does not evaluate. Nix says:\nerror: host2 has no fileSystems [evaluation-failed]",
  );
});

test("a machine without nix is told apart from a broken configuration", async () => {
  const noNix = new Evaluator(() =>
    Promise.resolve({ exitCode: 127, stdout: "", stderr: "nix: not found\n" }),
  );
  const error = await failureOf(() => noNix.evaluate({ flake: "./f#host1" }));
  expect(error.code).toBe("evaluation-failed");
  expect(error.details.what).toBe(
    "./f#host1 cannot be evaluated: the machine where Pulumi runs has no nix on PATH",
  );
  expect(error.details.seen).toBe("nix: not found");
  expect(error.details.next).toContain("install Nix there");
});

test.each(["kernel", "modules", "initrd"])("the boot key of a flake changes with %s", async (part) => {
  const keyOf = async (changes: object) => {
    const run = (_: string, args: readonly string[]): Promise<LocalResult> =>
      Promise.resolve({
        exitCode: args.includes("metadata") ? 1 : 0,
        stdout: JSON.stringify({ host1: { ...raw("host1"), ...changes } }),
        stderr: "",
      });
    return (await new Evaluator(run).evaluate({ flake: "./f#host1" })).bootKey;
  };
  expect(await keyOf({})).toBe(await keyOf({ toplevel: "/nix/store/other" }));
  expect(await keyOf({ [part]: "/nix/store/other" })).not.toBe(await keyOf({}));
});

test.each([
  [undefined, "/nix/store/disko"],
  ["disko" as const, "/nix/store/disko"],
  ["format" as const, "/nix/store/format-mount"],
  ["mount" as const, "/nix/store/mount"],
])("disko mode %s: the script is %s", async (mode, script) => {
  const scripts = { diskoScript: "/nix/store/disko", formatScript: "/nix/store/format-mount" };
  const stdout = JSON.stringify({ host1: { ...raw("host1"), ...scripts, mountScript: "/nix/store/mount" } });
  const run = (_: string, args: readonly string[]): Promise<LocalResult> =>
    Promise.resolve({ exitCode: args.includes("metadata") ? 1 : 0, stdout, stderr: "" });
  const found = await new Evaluator(run).evaluate({ flake: "./f#host1" }, {}, mode);
  expect(found.diskoScript).toBe(script);
});

test("what the layout needs of the disks, and what the boot would wait for", async () => {
  const content = { type: "gpt", partitions: { a: { size: "1G" } } };
  const devices = { disk: { main: { device: "/dev/vda", content } } };
  const unlock = { luks: { crypted: { keyFile: "", options: [] } }, initrdFiles: [], clevis: [] };
  const stdout = JSON.stringify({ host1: { ...raw("host1"), devices, unlock } });
  const run = (_: string, args: readonly string[]): Promise<LocalResult> =>
    Promise.resolve({ exitCode: args.includes("metadata") ? 1 : 0, stdout, stderr: "" });
  expect((await new Evaluator(run).evaluate({ flake: "./f#host1" })).needs).toEqual({
    ...raw("host1").needs,
    diskBytes: { "/dev/vda": 1024 ** 3 },
    passphrases: ["crypted"],
  });
});

test("what was evaluated is not evaluated again, until the flake changes", async () => {
  const nix = fakeNix();
  const first = await new Evaluator(nix.run).evaluate({ flake: "./f#host1" });
  await expect(new Evaluator(nix.run).evaluate({ flake: "./f#host1" })).resolves.toEqual(first);
  expect(nix.evals).toHaveLength(1);
  nix.narHash = "sha256-B";
  await new Evaluator(nix.run).evaluate({ flake: "./f#host1" });
  expect(nix.evals).toHaveLength(2);
});

test("of a half-known flake only the rest is evaluated", async () => {
  const nix = fakeNix();
  await new Evaluator(nix.run).evaluate({ flake: "./f#host1" });
  const evaluator = new Evaluator(nix.run);
  await Promise.all(["host1", "host2"].map((name) => evaluator.evaluate({ flake: `./f#${name}` })));
  expect(nix.evals).toEqual([["host1"], ["host2"]]);
});

test("a failure is not kept, and neither is a flake without a fingerprint", async () => {
  const broken = fakeNix({ broken: ["host1"] });
  await failureOf(() => new Evaluator(broken.run).evaluate({ flake: "./f#host1" }));
  const unlocked = fakeNix({ narHash: "" });
  await new Evaluator(unlocked.run).evaluate({ flake: "./f#host1" });
  await new Evaluator(unlocked.run).evaluate({ flake: "./f#host1" });
  expect([broken.evals.length, unlocked.evals.length]).toEqual([1, 2]);
});

test("a damaged cache file is no error", async () => {
  const nix = fakeNix();
  await new Evaluator(nix.run).evaluate({ flake: "./f#host1" });
  const cache = join(folder, "cache/evaluations");
  for (const file of readdirSync(cache)) writeFileSync(join(cache, file), '{"toplevel":');
  await new Evaluator(nix.run).evaluate({ flake: "./f#host1" });
  expect(nix.evals).toHaveLength(2);
});

test.each([
  ["./machines#web", "./machines", "web"],
  ["machines#web", "./machines", "web"],
  ["/srv/flake#web", "/srv/flake", "web"],
  ["github:org/repo#web", "github:org/repo", "web"],
  ["git+https://host/r?ref=main#web.example.org", "git+https://host/r?ref=main", "web.example.org"],
])("%s is %s, configuration %s", (reference, flake, name) =>
  expect(splitReference(reference)).toEqual({ flake, name }),
);

describe("store paths", () => {
  const nothing = new Evaluator(() => Promise.reject(new Error("nothing is evaluated")));

  function system({ params = "quiet", initrd = "initrd-1", modules = "modules-1" } = {}): string {
    const top = mkdtempSync(join(folder, "top-"));
    mkdirSync(join(folder, modules, "lib/modules/6.1.0-c"), { recursive: true });
    symlinkSync(join(folder, modules), join(top, "kernel-modules"));
    symlinkSync("/nix/store/kernel/bzImage", join(top, "kernel"));
    symlinkSync(`/nix/store/${initrd}/initrd`, join(top, "initrd"));
    writeFileSync(join(top, "kernel-params"), params);
    writeFileSync(join(top, "system"), "x86_64-linux");
    return top;
  }

  test("are read from this machine's store, and nothing is run", async () => {
    const toplevel = system();
    const diskoScript = `/nix/store/${"d".repeat(32)}-disko`;
    await expect(nothing.evaluate({ toplevel, diskoScript })).resolves.toEqual({
      toplevel,
      kernelRelease: "6.1.0-c",
      bootKey: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      diskoScript,
      layout: { hash: "d".repeat(16), devices: [], kept: [], mountpoints: ["/"] },
      needs: { system: "x86_64-linux", bootMode: "" },
    });
  });

  test("the boot key changes with what only a reboot changes", async () => {
    const keyOf = async (made: string) => (await nothing.evaluate({ toplevel: made })).bootKey;
    const key = await keyOf(system());
    expect(await keyOf(system())).toBe(key);
    expect(await keyOf(system({ params: "debug" }))).not.toBe(key);
    expect(await keyOf(system({ initrd: "initrd-2" }))).not.toBe(key);
    expect(await keyOf(system({ modules: "modules-2" }))).not.toBe(key);
  });

  test("one that is not here is named", async () => {
    const error = await failureOf(() => nothing.evaluate({ toplevel: alpha }));
    expect(error.text()).toMatch(
      new RegExp(`${alpha} is no NixOS system in this machine's store[\\s\\S]*next: +build it here`),
    );
  });
});
