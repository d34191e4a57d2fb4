import { runtime } from "@pulumi/pulumi";
import { declaredShape } from "../../../provider/image/schema";
import { imageKind } from "../../../provider/runtime/image-kind";
import { parseInputs, valueAt, type Inputs } from "../../../provider/runtime/inputs";
import { problemsOfChange } from "../../../provider/runtime/problems";
import { secretsOf } from "../../../provider/runtime/secrets";
import { plainState } from "../../../provider/runtime/state";
import { imageInputsOf, imageStateWith } from "../support/image-builders";
import { Files } from "./bad-input/files";
import { badImagePlaces } from "./bad-input/image-places";
import { badImages } from "./bad-input/images";
import { changed, FromFiles } from "./bad-input/row";
import { everyField, placeIn } from "./every-field";
import { everyGoodImage } from "./every-good-image";
import { documentedSecrets, placesOf } from "./secret-places";

const files = new Files();
const variants = everyGoodImage(files);
const fields = everyField(declaredShape);
afterAll(() => files.remove());

const refusals = (news: Inputs, olds: Inputs = {}): Promise<string[]> =>
  problemsOfChange(imageKind, olds, news);

test.each(variants.map((inputs, index) => [index, inputs]))(
  "variant %i is good as it is",
  async (_, inputs) => {
    expect(await refusals(inputs)).toEqual([]);
    expect(parseInputs(imageKind, { ...inputs, __provider: "x" })).toEqual(inputs);
  },
);

test.each([...badImages, ...badImagePlaces])("%s: %s", async (_what, path, value, refusal) => {
  const written = value instanceof FromFiles ? value.make(files) : value;
  const said = await refusals(changed(imageInputsOf(), path, written));
  // One mistake, one line: what follows from it is not told as well.
  expect(said).toHaveLength(1);
  const begin = typeof refusal === "string" ? refusal : refusal(files);
  expect(said[0]?.slice(0, begin.length)).toBe(begin);
});

test.each(fields)("%s may be unknown", async (field) => {
  const places = variants.flatMap((inputs) => {
    const path = placeIn(inputs, field);
    return path === undefined ? [] : [{ inputs, path }];
  });
  // A new field needs a good value in every-good-image.ts.
  expect(places).not.toEqual([]);
  for (const { inputs, path } of places) {
    const news = structuredClone(inputs);
    const parent = path.slice(0, -1).reduce<Inputs>((inner, key) => inner[String(key)] as Inputs, news);
    parent[String(path.at(-1))] = runtime.unknownValue;
    expect(await refusals(news)).toEqual([]);
    expect(await refusals(news, inputs)).toEqual([]);
  }
});

test("what could not be resolved is told in its own words", async () => {
  const words = "kernel.rpms[1].url: no such file [download-failed]\n  next:     look at the URL";
  expect(await refusals({ ...imageInputsOf(), __resolveError: words })).toEqual([words]);
});

describe("secrets", () => {
  const names = documentedSecrets("fcos-layered-image-args", "registry-login-args", "connection-args");
  const secretFields = fields.filter(
    (field) => names.includes(field.split(".").at(-1) ?? "") && !field.startsWith("files."),
  );

  test("all that the documentation asks for are found in the schema", () => {
    // Two registries; a builder with sudo, and the host before it; the key that signs.
    expect(secretFields).toEqual(expect.arrayContaining(["base.password", "registry.password"]));
    expect(secretFields).toHaveLength(2 + 3 + 2 + 2);
  });

  test.each(secretFields)("%s is known, so that it can be kept out of texts", (field) => {
    const found = variants.flatMap((inputs) => {
      const path = placeIn(inputs, field);
      return path === undefined ? [] : [{ inputs, value: String(valueAt(inputs, path)) }];
    });
    expect(found).not.toEqual([]);
    for (const { inputs, value } of found) expect(secretsOf(imageKind, inputs)).toContain(value);
  });

  test("in the state they stand where they stood in the inputs, and nowhere else", () => {
    for (const variant of variants) {
      const secrets = secretsOf(imageKind, variant);
      const inputs = parseInputs(imageKind, variant);
      expect(placesOf(plainState(imageStateWith({}, inputs)), secrets)).toEqual(placesOf(variant, secrets));
    }
  });
});
