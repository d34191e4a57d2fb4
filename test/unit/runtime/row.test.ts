import { HostError } from "../../../provider/core/errors";
import type { EngineLog, Severity } from "../../../provider/runtime/engine-log";
import { checkResult, failure, partialFailure, Refusal } from "../../../provider/runtime/results";
import { Row } from "../../../provider/runtime/row";
import { stateWith } from "../support/builders";

const secret = "s3cret-passphrase";

/** A stand-in for the engine's log service that writes down what would be shown. */
function rowWithLog(secrets: readonly string[] = [secret]) {
  const shown: string[] = [];
  const engine = {
    lasting: (message: string, severity: Severity = "info") => void shown.push(`${severity}: ${message}`),
    ephemeral: (message: string) => void shown.push(`(${message})`),
  };
  return { shown, row: new Row(engine as unknown as EngineLog, secrets) };
}

describe("row", () => {
  // The clock is played: on a busy machine a second may go by between any two lines.
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test("a step is shown on the row, a proof stays, a warning is one", () => {
    const { row, shown } = rowWithLog();
    row.begin(3, 7, "kexec");
    row.lasting("kernel a → b");
    row.warning("slow");
    row.end();
    expect(shown).toEqual(["([3/7] kexec, 0 s)", "info: kernel a → b", "warning: slow", "()"]);
  });

  test("the log is shown to nobody while nothing fails, and then whole", () => {
    const { row, shown } = rowWithLog();
    row.begin(1, 1, "install");
    row.log("copying");
    row.lasting("done");
    row.end();
    expect(shown.join()).not.toContain("copying");
    expect(row.fullLog()).toBe("== install\ncopying\ndone");
  });

  test("many details are shown as few", () => {
    const { row, shown } = rowWithLog();
    row.begin(1, 1, "copy");
    for (let n = 0; n < 1000; n++) row.detail(`path ${n}`);
    row.end();
    expect(shown.length).toBeLessThan(10);
  });

  test("a detail after a while is shown with its step", () => {
    const { row, shown } = rowWithLog();
    row.begin(2, 3, "copy");
    jest.advanceTimersByTime(1100);
    row.detail("path 7");
    row.end();
    expect(shown[1]).toMatch(/^\(\[2\/3\] copy, path 7, 1 s\)$/);
  });

  test("a row that never began leaves nothing behind", () => {
    const { row, shown } = rowWithLog();
    row.end();
    expect(shown).toEqual([]);
  });

  test("a very long log keeps its end", () => {
    const { row } = rowWithLog();
    for (let n = 0; n < 5000; n++) row.log(`line ${n}`);
    expect(row.fullLog().split("\n").length).toBeLessThanOrEqual(2000);
    expect(row.fullLog()).toMatch(/line 4999$/);
  });

  test("secrets are replaced everywhere", () => {
    const { row, shown } = rowWithLog();
    row.begin(1, 1, "kexec");
    jest.advanceTimersByTime(1100);
    row.detail(`with ${secret}`);
    row.lasting(`with ${secret}`);
    row.warning(`${secret}${secret}`);
    row.log(secret);
    row.end();
    const all = shown.join("\n") + row.fullLog();
    expect(all).not.toContain(secret);
    expect(shown).toContain("warning: [secret][secret]");
  });
});

describe("results", () => {
  const error = (details: object = {}) =>
    new HostError("disko-failed", { what: `failed with ${secret}`, ...details });

  test("a plain failure is the text alone: no stack, no secret, and the log once", () => {
    const { row } = rowWithLog();
    row.log(`log of ${secret}`);
    const plain = failure(error(), row);
    expect(plain.stack).toBe("");
    expect(plain.message).toBe("failed with [secret] [disko-failed]\n  log:\n    log of [secret]");
    expect(plain).not.toHaveProperty("properties");
  });

  test("an error with a log of its own is not followed by the row's", () => {
    const { row } = rowWithLog();
    row.log("row's");
    expect(failure(error({ log: "own" }), row).message).not.toContain("row's");
  });

  test("a partial failure keeps the state and the provider's text, without a single undefined", () => {
    const { row } = rowWithLog();
    const state = stateWith({ phase: "kexec", unfinished: "disko", install: undefined });
    const partial = partialFailure(
      "web",
      state,
      error(),
      { __provider: "exports.handler=…" },
      row,
    ) as Error & {
      id: string;
      properties: Record<string, unknown>;
      reasons: string[];
    };
    expect([partial.id, partial.stack, partial.reasons]).toEqual(["web", "", [partial.message]]);
    expect(partial.properties).toMatchObject({
      __provider: "exports.handler=…",
      phase: "kexec",
      unfinished: "disko",
    });
    const deep = (value: unknown): unknown[] =>
      typeof value === "object" && value !== null ? Object.values(value).flatMap(deep) : [value];
    expect(deep(partial.properties)).not.toContain(undefined);
    expect(partial.message).not.toContain(secret);
  });

  test("a refused preview prints its text, and nothing twice", () => {
    const refusal = new Refusal(new HostError("reinstall-refused", { what: "no consent" }));
    expect([refusal.message, String(refusal), refusal.stack]).toEqual([
      "no consent [reinstall-refused]",
      "refused",
      "",
    ]);
  });

  test("check names the property in the reason alone: the engine would print a named property's value", async () => {
    const inputs = { machine: "" };
    await expect(checkResult(inputs, ["machine is missing"])).resolves.toEqual({
      inputs,
      failures: [{ property: "", reason: "machine is missing" }],
    });
  });
});
