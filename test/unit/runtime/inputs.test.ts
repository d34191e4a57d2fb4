import { runtime } from "@pulumi/pulumi";
import { hasUnknowns, parseInputs, type Inputs } from "../../../provider/runtime/inputs";
import { nixosKind } from "../../../provider/runtime/nixos-kind";
import { inputProblems } from "../../../provider/runtime/problems";
import { inputsOf } from "../support/builders";

const unknown = runtime.unknownValue;

/** Valid inputs with the value at a dotted path replaced; `undefined` removes it. */
function inputsWith(path: string, value: unknown): Inputs {
  const inputs = JSON.parse(JSON.stringify(inputsOf())) as Inputs;
  const keys = path.split(".");
  const parent = keys.slice(0, -1).reduce<Inputs>((inner, key) => (inner[key] ??= {}) as Inputs, inputs);
  if (value === undefined) delete parent[keys.at(-1) as string];
  else parent[keys.at(-1) as string] = value;
  return inputs;
}

test("valid inputs have no problems, with the engine's own key as well", () => {
  expect(inputProblems(nixosKind, { ...inputsOf() })).toEqual([]);
  expect(inputProblems(nixosKind, { ...inputsOf(), __provider: "exports.handler=…" })).toEqual([]);
  expect(parseInputs(nixosKind, { ...inputsOf(), __provider: "x" })).toEqual(inputsOf());
});

test("agent: false next to a key is no second key", () => {
  const inputs = inputsWith("connection", { ...inputsOf().connection, privateKeyPath: "id", agent: false });
  expect(inputProblems(nixosKind, inputs)).toEqual([]);
});

test("an unknown value hides no other problem", () => {
  expect(inputProblems(nixosKind, { ...inputsWith("connection.host", unknown), machine: "" })).toEqual([
    expect.stringMatching(/^machine /),
  ]);
});

test("unknowns are found however deep", () => {
  expect(hasUnknowns({ a: [{ b: unknown }] })).toBe(true);
  expect(hasUnknowns({ a: [{ b: "known" }], c: null })).toBe(false);
});
