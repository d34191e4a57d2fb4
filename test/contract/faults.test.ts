import { crowded, newSystem } from "./machine-inputs";
import type { FaultKind, Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import type { Props, Result } from "./provider-process";
import { inPool, parseError, Stage, urnOf, within } from "./support";

const stage = new Stage({ installed: 1 });
const longestCallSeconds = 240;
/** Which of them come, and how often, depends on the moment: only the first ones are the same in every run. */
const comesByChance = /^boot_id in \w+ #[^1]/;

/** Every command of a whole create, as a run without faults gives them: a new command is covered by itself. */
async function stepsOfCreate(): Promise<string[]> {
  const { machine } = await stage.installed();
  return machine.steps.filter((step) => !comesByChance.test(step));
}

/** On a busy machine the old system may be gone before it is asked. */
const mayNotCome = /^boot_id in /;

/** No boot_id at all: to be asked again, and never to be taken for another boot. */
const kindsOfWrongAnswer: FaultKind[] = ["exit code", "garbage"];

/** The connection itself: what was expected goes without saying. */
const saysAllInOneLine = new Set(["unreachable", "connection-lost", "deadline-exceeded"]);

const kinds: FaultKind[] = ["exit code", "cut before", "cut in the middle", "silence", "garbage"];

let steps: string[];
const reports = new Map<FaultKind, string[]>();

// All of them wait most of the time, so they wait together.
beforeAll(async () => {
  steps = await stepsOfCreate();
  const trials = kinds.flatMap((kind) => steps.map((step) => ({ kind, step })));
  await inPool(trials, 40, async ({ kind, step }) => {
    const problems = await trial(kind, step);
    reports.set(kind, [...(reports.get(kind) ?? []), ...problems]);
  });
}, 900_000);

test("every command of a create is known", () => {
  expect(steps.length).toBeGreaterThan(30);
});

test.each(kinds)("%s at any command: a clear end, and the next up goes on to the end", (kind) => {
  expect(reports.get(kind)).toEqual([]);
});

/** One create with one fault, and one more call as the engine would make it. Returns what was not as it must be. */
async function trial(kind: FaultKind, step: string): Promise<string[]> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  machine.fault = { step, kind };
  const news = stage.inputs(machine, { system, connection: crowded });
  try {
    const first = await within(longestCallSeconds, "create", stage.provider.create(news));
    const reached = machine.faultFired || mayNotCome.test(step);
    const absorbed = first.end === "done" || !mayNotCome.test(step) || !kindsOfWrongAnswer.includes(kind);
    if (!absorbed) return [`${step}: a wrong answer was taken for a boot_id: ${JSON.stringify(first)}`];
    const problems = reached ? judge(first, machine, news) : ["the fault was never reached"];
    await machine.settled();
    const last = await within(longestCallSeconds, "the next up", upAgain(first, news));
    return [...problems, ...judgeEnd(last, machine, system), ...machine.violations.splice(0)].map(
      (problem) => `${step}: ${problem}`,
    );
  } catch (error) {
    return [`${step}: ${String(error)}`];
  } finally {
    await machine.stop();
  }
}

function judge(result: Result, machine: Machine, news: Props): string[] {
  if (result.end === "done") return [];
  const { message } = result;
  const { phase, code, parts } = parseError(message);
  const kexecProved = stage.provider.engine.lasting(urnOf(news)).some((line) => line.startsWith("kexec: "));
  const mayBeUnclear = phase === "kexec";
  return [
    code === "" && `no code in: ${message}`,
    !parts.includes("next") && `nothing says what to do next: ${message}`,
    parts.length < 3 && !saysAllInOneLine.has(code) && `not all of expected, seen, next in: ${message}`,
    /\n\s+at .*:\d+/.test(message) && `a stack in: ${message}`,
    result.end === "failed" && kexecProved && `nothing was kept: ${message}`,
    result.end === "partial" && !kexecProved && !mayBeUnclear && `kept without need: ${message}`,
    result.end === "partial" && !result.props["__provider"] && "kept without __provider",
    result.end === "partial" && result.id !== "web" && `kept under the id ${result.id}`,
    result.end === "partial" &&
      (result.props["hostKeys"] as string[])[0] !== machine.hostKey.publicKey &&
      "no host key",
  ].filter((problem) => typeof problem === "string");
}

function upAgain(first: Result, news: Props): Promise<Result> {
  if (first.end === "failed") return stage.provider.create(news);
  return stage.provider.update("web", first.props, news);
}

function judgeEnd(last: Result, machine: Machine, system: PlayedSystem): string[] {
  const { disk } = machine;
  return [
    last.end !== "done" && `the next up ended with: ${"message" in last ? last.message : ""}`,
    last.end === "done" && last.props["phase"] !== "confirm" && `done, but at ${String(last.props["phase"])}`,
    machine.current !== system.toplevel && `the machine runs ${machine.current ?? machine.system}`,
    disk.bootEntry?.toplevel !== system.toplevel && "the boot default is another one",
    !disk.receipt.includes('"install"') && `the receipt on the disk says ${disk.receipt || "nothing"}`,
    disk.wiped > 2 && `wiped ${disk.wiped} times`,
  ].filter((problem) => typeof problem === "string");
}
