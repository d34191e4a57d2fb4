import { runtime } from "@pulumi/pulumi";
import { declaredShape } from "../../../provider/fcos/schema";
import { fcosHost } from "../../../provider/runtime/fcos-host";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import { parseInputs, valueAt, withoutProvider, type Inputs } from "../../../provider/runtime/inputs";
import { problemsOfChange } from "../../../provider/runtime/problems";
import { secretsOf } from "../../../provider/runtime/secrets";
import { plainState } from "../../../provider/runtime/state";
import { fcosInputsOf, fcosStateWith } from "../support/fcos-builders";
import { badFcosHosts } from "./bad-input/fcos-hosts";
import { Files } from "./bad-input/files";
import { badHealthChecks } from "./bad-input/health-checks";
import { badLogins } from "./bad-input/logins";
import { changed, FromFiles, type BadInput } from "./bad-input/row";
import { everyField, placeIn } from "./every-field";
import { everyGoodFcosHost } from "./every-good-fcos-host";
import { documentedSecrets, placesOf } from "./secret-places";

const files = new Files();
const variants = everyGoodFcosHost(files);
const fields = everyField(declaredShape);
const socket = process.env["SSH_AUTH_SOCK"];
beforeAll(() => delete process.env["SSH_AUTH_SOCK"]);
afterAll(() => {
  if (socket !== undefined) process.env["SSH_AUTH_SOCK"] = socket;
  files.remove();
});

const refusals = (news: Inputs, olds: Inputs = {}): Promise<string[]> =>
  problemsOfChange(fcosKind, olds, news);
/** What diff would show on the resource's row. */
beforeAll(() => jest.spyOn(console, "log").mockImplementation());
const stateOf = (inputs: Inputs): Inputs => plainState(fcosStateWith({}, parseInputs(fcosKind, inputs)));

test.each(variants.map((inputs, index) => [index, inputs]))(
  "variant %i is good as it is",
  async (_, inputs) => {
    expect(await refusals(inputs)).toEqual([]);
    expect(parseInputs(fcosKind, { ...inputs, __provider: "x" })).toEqual(inputs);
  },
);

/** Nobody is root here who does not say so, and there is one way in. */
const logins = badLogins.filter(([, path]) => /^connection(?!\.sudoPassword$)/.test(path));
const sudo = badLogins.find(([what]) => what === "a sudo password of two lines") as BadInput;

test.each([...logins, sudo, ...badFcosHosts, ...badHealthChecks])(
  "%s: %s",
  async (_what, path, value, refusal) => {
    const written = value instanceof FromFiles ? value.make(files) : value;
    const said = await refusals(changed(fcosInputsOf(), path, written));
    // One mistake, one line: what follows from it is not told as well.
    expect(said).toHaveLength(1);
    const begin = typeof refusal === "string" ? refusal : refusal(files);
    expect(said[0]?.slice(0, begin.length)).toBe(begin);
  },
);

test("core may have a password for sudo", async () =>
  expect(await refusals(changed(fcosInputsOf(), "connection.sudoPassword", "hunter22"))).toEqual([]));

test.each(fields)("%s may be unknown", async (field) => {
  const places = variants.flatMap((inputs) => {
    const path = placeIn(inputs, field);
    return path === undefined ? [] : [{ inputs, path }];
  });
  // A new field needs a good value in every-good-fcos-host.ts.
  expect(places).not.toEqual([]);
  for (const { inputs, path } of places) {
    const news = structuredClone(inputs);
    const parent = path.slice(0, -1).reduce<Inputs>((inner, key) => inner[String(key)] as Inputs, news);
    parent[String(path.at(-1))] = runtime.unknownValue;
    expect(await refusals(news)).toEqual([]);
    expect(await refusals(news, inputs)).toEqual([]);
    const { changes, replaces } = await fcosHost.diff("web", stateOf(inputs), news);
    expect([changes, replaces]).toEqual([field === "probeInPreview" ? false : undefined, undefined]);
  }
});

test("everything at once may be unknown", async () => {
  for (const inputs of variants) {
    const news = Object.fromEntries(
      Object.keys(withoutProvider(inputs)).map((key) => [key, runtime.unknownValue]),
    );
    expect(await refusals(news)).toEqual([]);
    expect(await fcosHost.diff("web", stateOf(inputs), news)).toEqual({ changes: undefined });
  }
});

test("another machine is a replacement", async () => {
  const diff = fcosHost.diff("web", stateOf(variants[0] ?? {}), { ...variants[0], machine: "db" });
  expect(await diff).toEqual({ replaces: ["machine"] });
});

describe("secrets", () => {
  const names = documentedSecrets("fcos-host-args", "registry-login-args", "connection-args");
  const secretFields = fields.filter((field) => names.includes(field.split(".").at(-1) ?? ""));

  test("all that the documentation asks for are found in the schema", () => {
    // The registry; a machine with sudo, and the host before it.
    expect(secretFields).toHaveLength(1 + 3 + 2);
  });

  test.each(secretFields)("%s is known, so that it can be kept out of texts", (field) => {
    const found = variants.flatMap((inputs) => {
      const path = placeIn(inputs, field);
      return path === undefined ? [] : [{ inputs, value: String(valueAt(inputs, path)) }];
    });
    expect(found).not.toEqual([]);
    for (const { inputs, value } of found) expect(secretsOf(fcosKind, inputs)).toContain(value);
  });

  test("in the state they stand where they stood in the inputs, and nowhere else", () => {
    for (const variant of variants)
      expect(placesOf(stateOf(variant), secretsOf(fcosKind, variant))).toEqual(
        placesOf(variant, secretsOf(fcosKind, variant)),
      );
  });
});
