import { runtime } from "@pulumi/pulumi";
import { nixosHostSchema } from "../../../provider/nixos/schema";
import { withoutProvider, type Inputs } from "../../../provider/runtime/inputs";
import { nixosHost } from "../../../provider/runtime/nixos-host";
import { plainState } from "../../../provider/runtime/state";
import { stateWith } from "../support/builders";
import { Files } from "./bad-input/files";
import { everyField, everyGoodInput, placeIn } from "./every-field";

const unknown = runtime.unknownValue;
const files = new Files();
const variants = everyGoodInput(files);
afterAll(() => files.remove());

function replaced(inputs: Inputs, path: readonly PropertyKey[], value: unknown): Inputs {
  const copy = structuredClone(inputs);
  const parent = path.slice(0, -1).reduce<Inputs>((inner, key) => inner[String(key)] as Inputs, copy);
  parent[String(path.at(-1))] = value;
  return copy;
}

const reasons = async (olds: Inputs, news: Inputs): Promise<string[]> =>
  (await nixosHost.check(olds, news)).failures.map(({ reason }) => reason);

const stateOf = (inputs: Inputs): Inputs => plainState(stateWith({}, nixosHostSchema.parse(inputs)));

test.each(variants.map((inputs, index) => [index, inputs]))(
  "variant %i is good as it is",
  async (_, inputs) => {
    expect(await reasons({}, inputs)).toEqual([]);
  },
);

test.each(everyField())("%s may be unknown", async (field) => {
  const places = variants.flatMap((inputs) => {
    const path = placeIn(inputs, field);
    return path === undefined ? [] : [{ inputs, path }];
  });
  // A new field needs a good value in every-field.ts.
  expect(places).not.toEqual([]);
  for (const { inputs, path } of places) {
    const news = replaced(inputs, path, unknown);
    expect(await reasons({}, news)).toEqual([]);
    expect(await reasons(inputs, news)).toEqual([]);
    const { changes, replaces } = await nixosHost.diff("web", stateOf(inputs), news);
    expect([changes === false, replaces]).toEqual([isBehaviour(field), undefined]);
  }
});

/** What says how a run behaves is no change, known or not. */
function isBehaviour(field: string): boolean {
  return /^install\.(allowReinstall|probeInPreview)/.test(field);
}

test("what the constructor could not find out yet is no mistake", async () => {
  for (const inputs of variants)
    expect(await reasons({}, { ...inputs, system: unknown, __evaluationError: unknown })).toEqual([]);
});

test("everything at once may be unknown", async () => {
  for (const inputs of variants) {
    const news = Object.fromEntries(Object.keys(withoutProvider(inputs)).map((key) => [key, unknown]));
    expect(await reasons({}, news)).toEqual([]);
    expect((await nixosHost.diff("web", stateOf(inputs), news)).replaces).toBeUndefined();
  }
});

test("what is wrong beside an unknown value is still told, in the same object and elsewhere", async () => {
  const [inputs = {}] = variants;
  const news = replaced(inputs, ["connection", "host"], unknown);
  (news["connection"] as Inputs)["prot"] = 22;
  (news["install"] as Inputs)["phases"] = ["reboot", "kexec"];
  expect(await reasons({}, news)).toEqual([
    expect.stringMatching(/^connection\.prot is not a known property; did you mean port\?$/),
    expect.stringMatching(/^install\.phases must be a stretch/),
  ]);
});
