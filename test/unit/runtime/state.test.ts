import { changesBetween } from "../../../provider/runtime/nixos-changes";
import { nixosKind } from "../../../provider/runtime/nixos-kind";
import { pickInputs, plainState } from "../../../provider/runtime/state";
import { alpha, beta, inputsOf, stateWith } from "../support/builders";

const changes = (state: object, news: object = {}) =>
  changesBetween(stateWith(state), { ...inputsOf(), ...news });
const { connection } = inputsOf();

test.each<[string, object, object, boolean | undefined]>([
  ["nothing", {}, {}, false],
  ["another host", {}, { connection: { ...connection, host: "h" } }, undefined],
  ["an added property", {}, { install: { ...inputsOf().install, reinstallTrigger: "x" } }, undefined],
  ["consent to a reinstall", {}, { install: { ...inputsOf().install, allowReinstall: ["x"] } }, false],
  ["whether a preview looks", {}, { install: { ...inputsOf().install, probeInPreview: false } }, false],
  ["install taken away", {}, { install: undefined }, undefined],
  ["another system, with its two-sided keys", {}, { current: { toplevel: beta } }, undefined],
  ["the order of keys", {}, { connection: Object.fromEntries(Object.entries(connection).reverse()) }, false],
  [
    "keys of the constructor alone",
    {},
    { __bootKey: "x", __urn: "y", __diskoScript: "z", __needs: {} },
    false,
  ],
  ["keys that this version does not know", { someday: 1 }, { other: 2 }, false],
  ["another __provider text", {}, { __provider: "other" }, false],
  ["a drifted kernel", { booted: { kernelRelease: "5.10", toplevel: alpha } }, {}, undefined],
  ["a drifted current system", { current: { toplevel: beta } }, {}, undefined],
  ["a drifted boot default", { bootDefault: { toplevel: beta } }, {}, undefined],
  ["a run that failed", { unfinished: "disko", phase: "kexec" }, {}, true],
  ["a run that failed at its last phase", { unfinished: "confirm", phase: "reboot" }, {}, true],
  ["a failed update of a host that had been confirmed", { unfinished: "switch", phase: "confirm" }, {}, true],
  ["phases that were not asked for before", { phase: "kexec" }, {}, true],
  ["a failed run, and a change that can be shown", { unfinished: "disko" }, { machine: "db" }, undefined],
])("%s", (_, state, news, result) => expect(changes(state, news)).toBe(result));

test("a stretch of phases that was run to its end is no change", () => {
  const install = { ...inputsOf().install, phases: ["kexec"] };
  expect(changes({ phase: "kexec", install }, { install })).toBe(false);
  const whole = { ...inputsOf().install, phases: ["install", "reboot"] };
  expect(changes({ phase: "confirm", install: whole }, { install: whole })).toBe(false);
});

test("undefined values of the state are no difference", () => {
  expect(changes({ connection: { ...connection, user: undefined } })).toBe(false);
});

test("the plain state has no undefined, which would fail the call after the work was done", () => {
  expect(plainState({ a: undefined, b: { c: undefined, d: 1 }, e: ["x"] })).toEqual({
    b: { d: 1 },
    e: ["x"],
  });
  expect("a" in plainState({ a: undefined })).toBe(false);
});

test("of a state only the inputs are declared again", () => {
  const state = plainState(stateWith());
  expect(pickInputs(nixosKind, { ...state, __provider: "x", someday: 1 })).toEqual(plainState(inputsOf()));
});
