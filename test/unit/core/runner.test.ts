import { HostError } from "../../../provider/core/errors";
import type { Phase, Verdict } from "../../../provider/core/phase";
import { runPhases, type RunnerHooks } from "../../../provider/core/runner";
import { RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";

interface Facts {
  done: string[];
  look: number;
}

/** A machine whose phases leave their name in `done`, and a record of everything that happened. */
function machine(events: string[]) {
  const done: string[] = [];
  const progress = new RecordedProgress();
  let look = 0;
  const phase = (name: string, changes: Partial<Phase<Facts, object>> = {}): Phase<Facts, object> => ({
    name,
    deadlineSeconds: () => 5,
    isDone: (facts) => facts.done.includes(name),
    run: async () => {
      events.push(`run ${name}`);
      done.push(name);
    },
    verify: (after): Verdict => ({ proved: `seen ${after.done.join("+")}` }),
    ...changes,
  });
  const hooks: RunnerHooks<Facts> = {
    progress,
    observe: async () => {
      events.push("observe");
      return { done: [...done], look: ++look };
    },
    onProved: async (name) => void events.push(`proved ${name}`),
    onFailed: async (name, error) => void events.push(`failed ${name} ${error.code} ${error.phase}`),
  };
  return { phase, hooks, progress, done };
}

const nothingDone: Facts = { done: [], look: 0 };

test("every phase that runs is followed by fresh facts, before the next one begins", async () => {
  const events: string[] = [];
  const { phase, hooks } = machine(events);
  const end = await runPhases([phase("one"), phase("two")], {}, nothingDone, hooks);
  expect(events).toEqual(["run one", "observe", "proved one", "run two", "observe", "proved two"]);
  expect(end).toEqual({ done: ["one", "two"], look: 2 });
});

test("a phase that is done is skipped, and does not count as a look at the machine", async () => {
  const events: string[] = [];
  const { phase, hooks, progress } = machine(events);
  await runPhases([phase("one"), phase("two")], {}, { done: ["one"], look: 0 }, hooks);
  expect(events).toEqual(["run two", "observe", "proved two"]);
  expect(progress.events[0]).toBe("begin 2/2 two");
});

test("isDone of a later phase sees the facts after the earlier one", async () => {
  const events: string[] = [];
  const { phase, hooks } = machine(events);
  await runPhases(
    [phase("one"), phase("two", { isDone: (facts) => facts.look === 1 })],
    {},
    nothingDone,
    hooks,
  );
  expect(events).not.toContain("run two");
});

test("verify gets the facts before and after, and run those before", async () => {
  const { phase, hooks } = machine([]);
  const seen: unknown[] = [];
  const watched = phase("one", {
    run: async (_context, facts) => void seen.push(facts.look),
    verify: (after, _context, before) => {
      seen.push(before.look, after.look);
      return { proved: "" };
    },
  });
  await runPhases([watched], {}, nothingDone, hooks);
  expect(seen).toEqual([0, 0, 1]);
});

test("a refuted phase stops the sequence with its code, what was expected and what was seen", async () => {
  const events: string[] = [];
  const { phase, hooks } = machine(events);
  const refuted = phase("one", {
    verify: () => ({
      code: "reboot-not-proved",
      what: "no reboot",
      expected: "boot-2",
      seen: "boot-1",
      next: "look",
    }),
  });
  const error = await failureOf(() => runPhases([refuted, phase("two")], {}, nothingDone, hooks));
  expect(error).toBeInstanceOf(HostError);
  expect(error.code).toBe("reboot-not-proved");
  expect(error.text()).toBe(
    "one: no reboot [reboot-not-proved]\n  expected: boot-2\n  seen:     boot-1\n  next:     look",
  );
  expect(events).toEqual(["run one", "observe", "failed one reboot-not-proved one"]);
});

test("a phase that throws is not observed again; the hook has run before the error goes on", async () => {
  const events: string[] = [];
  const { phase, hooks } = machine(events);
  const broken = phase("one", { run: () => Promise.reject(new HostError("copy-failed", { what: "gone" })) });
  const error = await failureOf(() => runPhases([broken, phase("two")], {}, nothingDone, hooks));
  expect(error.phase).toBe("one");
  expect(events).toEqual(["failed one copy-failed one"]);
});

test("an error that already knows its phase keeps it", async () => {
  const { phase, hooks } = machine([]);
  const inner = Object.assign(new HostError("copy-failed", { what: "gone" }), { phase: "inner" });
  const broken = phase("outer", { run: () => Promise.reject(inner) });
  expect((await failureOf(() => runPhases([broken], {}, nothingDone, hooks))).phase).toBe("inner");
});

test("a phase that hangs ends at its deadline", async () => {
  const { phase, hooks } = machine([]);
  const hanging = phase("one", { deadlineSeconds: () => 0.05, run: () => new Promise(() => undefined) });
  const error = await failureOf(() => runPhases([hanging], {}, nothingDone, hooks));
  expect([error.code, error.phase, error.message]).toEqual([
    "deadline-exceeded",
    "one",
    "one did not end within 0.05 s",
  ]);
});

test("only a phase past the point of no return is announced as one that must not be broken", async () => {
  const { phase, hooks, progress } = machine([]);
  await runPhases([phase("safe"), phase("wipe", { pastNoReturn: true })], {}, nothingDone, hooks);
  expect(progress.events.filter((event) => !event.startsWith("lasting"))).toEqual([
    "begin 1/2 safe",
    "begin 2/2 wipe (must not be interrupted)",
  ]);
});

test("a proof without words leaves no line", async () => {
  const { phase, hooks, progress } = machine([]);
  await runPhases([phase("one", { verify: () => ({ proved: "" }) }), phase("two")], {}, nothingDone, hooks);
  expect(progress.events.filter((event) => event.startsWith("lasting"))).toEqual([
    "lasting two: seen one+two",
  ]);
});
