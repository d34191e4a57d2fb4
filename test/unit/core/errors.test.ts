import { asHostError, HostError, lastLines } from "../../../provider/core/errors";

const whole = { what: "no reboot", expected: "boot-2", seen: "boot-1", next: "look", log: "one\ntwo\n" };

test.each<[string, object, string]>([
  ["what alone", { what: "gone" }, "gone [wrong-disk]"],
  [
    "expected and seen",
    { what: "gone", expected: "a", seen: "b" },
    "gone [wrong-disk]\n  expected: a\n  seen:     b",
  ],
  [
    "everything, in this order",
    whole,
    "no reboot [wrong-disk]\n  expected: boot-2\n  seen:     boot-1\n  next:     look\n  log:\n    one\n    two",
  ],
  ["an empty log is left out", { what: "gone", log: "" }, "gone [wrong-disk]"],
])("text of %s", (_, details, text) => {
  expect(new HostError("wrong-disk", details as { what: string }).text()).toBe(text);
});

test("an error that can come at any moment says what to do even where nobody wrote it", () => {
  expect(new HostError("connection-lost", { what: "gone" }).text()).toMatch(
    /\n {2}next: {5}run pulumi up again/,
  );
  expect(new HostError("connection-lost", { what: "gone", next: "wait" }).text()).toMatch(
    /\n {2}next: {5}wait$/,
  );
});

test("the phase stands first", () => {
  const error = new HostError("wrong-disk", { what: "gone" });
  error.phase = "kexec";
  expect(error.text()).toBe("kexec: gone [wrong-disk]");
});

test("no stack of ours: Pulumi would print it instead of the text", () => {
  expect(new HostError("wrong-disk", { what: "gone" }).stack).toBe("");
});

test("a long log is cut to its end", () => {
  const log = Array.from({ length: 100 }, (_, index) => `line ${index}`).join("\n");
  const lines = new HostError("wrong-disk", { what: "gone", log }).text().split("\n");
  expect(lines.slice(1, 4)).toEqual(["  log:", "    …", "    line 40"]);
  expect(lines.at(-1)).toBe("    line 99");
});

test.each([
  ["a\nb\nc", 3, "a\nb\nc"],
  ["a\nb\nc\n", 2, "…\nb\nc"],
  ["", 2, ""],
])("lastLines(%j, %d)", (text, count, last) => expect(lastLines(text, count)).toBe(last));

test("asHostError keeps a HostError, and calls anything else a defect with its stack as the log", () => {
  const error = new HostError("wrong-disk", { what: "gone" });
  expect(asHostError(error)).toBe(error);
  const defect = asHostError(new TypeError("x is undefined"));
  expect([defect.code, defect.message]).toEqual(["command-failed", "x is undefined"]);
  expect(defect.text()).toMatch(/defect of pulumi-immutable-os[\s\S]*log:[\s\S]*errors\.test\.ts/);
  expect(asHostError("just text").text()).toContain("just text [command-failed]");
});
