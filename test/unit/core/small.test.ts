import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { cacheFolder } from "../../../provider/core/cache-folder";
import { Stopwatch, within } from "../../../provider/core/deadline";
import { findDrift, type DriftCheck } from "../../../provider/core/drift";
import { bytes, elapsed } from "../../../provider/core/format";
import { quote } from "../../../provider/core/quote";
import { failureOf } from "../support/fake-shell";

describe("deadline", () => {
  test("work in time gives its result", async () => {
    await expect(within(5, "it", Promise.resolve(7))).resolves.toBe(7);
  });

  test("an error of the work goes on as it is", async () => {
    await expect(within(5, "it", Promise.reject(new Error("own")))).rejects.toThrow("own");
  });

  test("work that is late ends with what it was and what to do", async () => {
    const error = await failureOf(() => within(0.02, "the look", new Promise(() => undefined), "wait"));
    expect(error.text()).toBe("the look did not end within 0.02 s [deadline-exceeded]\n  next:     wait");
  });

  test("no timer is left behind by work in time", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    await Promise.all([1, 2, 3, 4, 5].map(() => within(600, "it", Promise.resolve())));
    expect(timers()).toBeLessThan(before + 5);
  });

  test("a stopwatch counts seconds", async () => {
    const before = performance.now();
    const watch = new Stopwatch();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(watch.seconds()).toBeGreaterThan(0.02);
    expect(watch.seconds()).toBeLessThanOrEqual((performance.now() - before) / 1000);
  });
});

describe("format", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [41943040, "40.0 MiB"],
    [1073741824, "1.0 GiB"],
    [5 * 1024 ** 5, "5120.0 TiB"],
  ])("bytes(%d) is %s", (count, text) => expect(bytes(count)).toBe(text));

  test.each([
    [0.4, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [75.3, "1 min 15 s"],
    [3600, "60 min 0 s"],
  ])("elapsed(%d) is %s", (seconds, text) => expect(elapsed(seconds)).toBe(text));
});

const nasty = [
  "",
  "plain",
  "it's",
  "''",
  "$HOME `id` $(id)",
  'a"b',
  "back\\slash\\",
  "new\nline",
  "*?[a]~",
  "-n",
  "ünïcode ☃",
  "!!",
  "a;b|c&d>e<f",
  "\t",
];

test.each(["sh", "dash", "bash"])("quote: %s gives every nasty value back unchanged", (shell) => {
  const script = nasty.map((value) => `printf '%s\\0' ${quote(value)}`).join("\n");
  expect(execFileSync(shell, [], { input: script, encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(
    nasty,
  );
});

describe("drift", () => {
  const checks: DriftCheck<{ want?: string }, { have?: string }>[] = [
    { key: "k", declared: ({ want }) => want, observed: ({ have }) => have, meaning: "differs" },
  ];
  test.each([
    ["equal", { want: "a" }, { have: "a" }, []],
    ["nothing declared", {}, { have: "a" }, []],
    [
      "different",
      { want: "a" },
      { have: "b" },
      [{ key: "k", declared: "a", observed: "b", meaning: "differs" }],
    ],
    ["not seen", { want: "a" }, {}, [{ key: "k", declared: "a", observed: "", meaning: "differs" }]],
  ])("%s", (_, declared, observed, drift) => expect(findDrift(checks, declared, observed)).toEqual(drift));
});

test.each([
  [{ IMMUTABLE_OS_CACHE: "/own", XDG_CACHE_HOME: "/xdg" }, "/own"],
  [{ IMMUTABLE_OS_CACHE: undefined, XDG_CACHE_HOME: "/xdg" }, "/xdg/pulumi-immutable-os"],
  [{ IMMUTABLE_OS_CACHE: undefined, XDG_CACHE_HOME: undefined }, `${homedir()}/.cache/pulumi-immutable-os`],
])("cache folder for %j", (variables, folder) => {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    expect(cacheFolder()).toBe(folder);
  } finally {
    process.env = before;
  }
});
