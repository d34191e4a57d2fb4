import { existsSync } from "node:fs";
import { join } from "node:path";
import { connection, deadlinesOf } from "../../../provider/host/connection-schema";
import { historyWith } from "../../../provider/host/history";
import { problemsIn, refuse } from "../../../provider/host/problems";
import { settle } from "../../../provider/host/settle";
import { tellFailedUnits, wrongSystem } from "../../../provider/host/wrong-system";
import { debianFacts, RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";
import { ShellSession } from "../support/shell-session";

describe("the history", () => {
  const entry = (digest: string) => ({ digest, at: "then" });

  test("has what was confirmed last in front, with its time, and five of them at most", () => {
    const history = historyWith(["e", "d", "c", "b", "a"].map(entry), { digest: "f" }, "digest");
    expect(history.map(({ digest }) => digest)).toEqual(["f", "e", "d", "c", "b"]);
    expect(Date.now() - Date.parse(history[0]?.at ?? "")).toBeLessThan(60_000);
  });

  test("does not grow by the same one again", () =>
    expect(historyWith([entry("a")], { digest: "a" }, "digest")).toEqual([entry("a")]));
});

test("what a machine must be: only what it is not is told, all of it at once", async () => {
  const problems = problemsIn([
    [true, "root", "uid 0"],
    [false, "an x86_64", "aarch64"],
    [false, "2 GiB", "1 GiB"],
  ]);
  expect(() => refuse([], "no")).not.toThrow();
  const error = await failureOf(() => refuse(problems, "it cannot be moved; nothing was changed"));
  expect(error.text()).toBe(
    `it cannot be moved; nothing was changed [preflight-refused]
  expected: an x86_64; 2 GiB
  seen:     aarch64; 1 GiB
  next:     correct what is named, then run pulumi up again`,
  );
});

test("deadlines that are not given", () => {
  const declared = connection.parse({ host: "h", deadlines: { bootSeconds: 5 } });
  expect(deadlinesOf(declared)).toEqual({ bootSeconds: 5, phaseSeconds: 3600 });
  expect(deadlinesOf({ host: "h" })).toEqual({ bootSeconds: 600, phaseSeconds: 3600 });
});

test("a host that has started up is not waited for any longer, and one that cannot is no failure", async () => {
  const host = new ShellSession();
  const marker = join(host.root, "asked");
  host.program("timeout", `[ "$*" = "60 systemctl is-system-running --wait" ] && touch ${marker}; exit 124`);
  const run = (script: string) => host.run(script.replace("/run/systemd/system", host.root));
  try {
    await expect(settle({ run })).resolves.toBeUndefined();
    expect(existsSync(marker)).toBe(true);
  } finally {
    host.remove();
  }
});

test("a system that is not the declared one is told key by key", () => {
  const item = { declared: "a", meaning: "" };
  expect(wrongSystem([], "look")).toBeUndefined();
  expect(
    wrongSystem(
      [
        { ...item, key: "booted.digest", observed: "b" },
        { ...item, key: "bootDefault.digest", observed: "" },
      ],
      "look",
    ),
  ).toEqual({
    code: "wrong-system",
    what: "the machine does not run the declared system",
    expected: "booted.digest a; bootDefault.digest a",
    seen: "booted.digest b; bootDefault.digest nothing",
    next: "look",
  });
});

test("units that failed are told, and only then", () => {
  const progress = new RecordedProgress();
  tellFailedUnits(debianFacts(), progress);
  tellFailedUnits(debianFacts({ failedUnits: ["a.service", "b.timer"] }), progress);
  expect(progress.events).toEqual(["warning failed units on the host: a.service, b.timer"]);
});
