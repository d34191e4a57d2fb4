// What the constructor hands to the engine in a preview, by Pulumi's own mocks.
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { FcosHost, type FcosHostArgs, type FcosLayeredImage } from "../../../provider/index";
import { declaredShape } from "../../../provider/fcos/schema";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import type { Inputs } from "../../../provider/runtime/inputs";
import { problemsOfChange } from "../../../provider/runtime/problems";
import { fcosInputsOf, fcosReference, imageIn, newDigest, newKernel } from "../support/fcos-builders";
import { Files } from "./bad-input/files";
import { replaced, withUnknowns } from "./constructed";
import { everyField, placeIn } from "./every-field";
import { everyGoodFcosHost } from "./every-good-fcos-host";

const files = new Files();
const registered = new Map<string, { type: string; inputs: Inputs }>();
/** As the engine answers in a preview of a resource that is not there yet. */
const isNew = new Set<string>();
const said: string[] = [];
let number = 0;

beforeAll(() => {
  jest.spyOn(pulumi.log, "info").mockImplementation((text) => Promise.resolve(void said.push(text)));
  jest.spyOn(pulumi.log, "warn").mockImplementation((text) => Promise.resolve(void said.push(text)));
  return pulumi.runtime.setMocks(
    {
      newResource: ({ name, type, inputs }) => {
        registered.set(name, { type, inputs: inputs as Inputs });
        return { id: isNew.has(name) ? undefined : name, state: inputs as object };
      },
      call: () => ({}),
    },
    "unit",
    "dev",
    true,
  );
});
beforeEach(() => said.splice(0));
afterAll(() => files.remove());

async function registeredFor(args: object | undefined, name = `host-${++number}`): Promise<Inputs> {
  const host = new FcosHost(name, args as FcosHostArgs);
  await new Promise((resolve) => host.urn.apply(resolve));
  return withUnknowns(registered.get(name)?.inputs ?? {}) as Inputs;
}

const reference = fcosReference(newDigest);
const good = { machine: "web", connection: fcosInputsOf().connection };
const later = <T>(value: T) => pulumi.output(value);
const notKnown = () => pulumi.output(unknown) as unknown as pulumi.Output<string>;

test("type token and __provider text, which stand in users' states", async () => {
  const inputs = await registeredFor({ ...good, image: reference });
  expect(registered.get(`host-${number}`)?.type).toBe("pulumi-nodejs:dynamic/immutable-os:FcosHost");
  expect(inputs["__provider"]).toBe('exports.handler=()=>require("pulumi-immutable-os/provider").FcosHost;');
});

test.each<[string, () => unknown, string | undefined]>([
  ["a reference", () => reference, undefined],
  ["a reference with a tag beside the digest", () => reference.replace("@", ":stable@"), undefined],
  ["a reference that comes as an output", () => later(reference), undefined],
  ["an image with its kernel", () => ({ reference, kernelRelease: newKernel }), newKernel],
  [
    "an image whose parts come as outputs",
    () => ({ reference: later(reference), kernelRelease: later(newKernel) }),
    newKernel,
  ],
  ["an image that comes as an output", () => later({ reference, kernelRelease: newKernel }), newKernel],
  ["an image without its kernel", () => ({ reference }), undefined],
  ["a promise of an image", () => Promise.resolve({ reference, kernelRelease: newKernel }), newKernel],
])("%s becomes plain inputs", async (_, image, kernel) => {
  const inputs = await registeredFor({ ...good, image: image() });
  expect(inputs).toMatchObject({ ...imageIn(newDigest, kernel), activeUpdateDriver: "", changedEtc: [] });
  expect((inputs["booted"] as Inputs)["kernelRelease"]).toBe(kernel);
  expect(await problemsOfChange(fcosKind, {}, inputs)).toEqual([]);
});

/** As the engine answers for a FcosLayeredImage that is not built yet: what its constructor gave is known. */
class ImageInPreview extends pulumi.CustomResource {
  declare readonly reference: pulumi.Output<string>;
  declare readonly kernelRelease: pulumi.Output<string>;
  constructor(name: string) {
    super("test:index:Image", name, { reference: undefined, kernelRelease: newKernel });
  }
}

/** `tsc` refuses this line when an image of ours cannot be given as it is. */
const asItIs = (image: FcosLayeredImage): FcosHostArgs["image"] => image;

test.each<[string, () => FcosHostArgs["image"]]>([
  ["as the resource itself", () => asItIs(new ImageInPreview("built") as FcosLayeredImage)],
  ["by its parts", () => ({ reference: notKnown(), kernelRelease: later(newKernel) })],
])("of an image that is built in the same run the kernel is known: %s", async (_, image) => {
  const inputs = await registeredFor({ ...good, image: image() });
  const unsure = pulumi.runtime.unknownValue;
  expect(inputs).toMatchObject({
    image: unsure,
    booted: { digest: unsure, kernelRelease: newKernel, unlocked: "none", layering: [] },
    bootDefault: { digest: unsure, deployment: "booted" },
  });
  expect(await problemsOfChange(fcosKind, {}, inputs)).toEqual([]);
});

/** What a user can write. */
const variants = everyGoodFcosHost(files).map((inputs) =>
  Object.fromEntries(Object.entries(inputs).filter(([key]) => key in declaredShape)),
);

test("all that was given is handed on as it is", async () => {
  for (const args of variants) {
    const inputs = await registeredFor(args);
    expect(inputs).toMatchObject(args);
    expect(await problemsOfChange(fcosKind, {}, inputs)).toEqual([]);
  }
});

test.each<[string, object | undefined]>([
  ["undefined", undefined],
  ["nothing", {}],
  ["nulls", { machine: null, connection: null, image: null }],
  ["texts", { machine: "", connection: "x", image: "x" }],
  ["lists", { machine: [], connection: [], image: [] }],
  ["an image without its reference", { ...good, image: { referense: reference } }],
  ["an image by its tag", { ...good, image: "quay.io/fedora/fedora-coreos:stable" }],
])("arguments of any shape reach check, and do not end the program: %s", async (_, args) => {
  expect((await problemsOfChange(fcosKind, {}, await registeredFor(args))).length).toBeGreaterThan(0);
});

test("an argument that is none reaches check, which names it", async () => {
  const inputs = await registeredFor({ ...good, image: reference, imgae: "x" });
  expect(await problemsOfChange(fcosKind, {}, inputs)).toEqual([
    "imgae is not a known property; did you mean image?",
  ]);
});

const kernelRelese = newKernel;

test.each<[string, () => unknown, string[]]>([
  [
    "a misspelt kernel",
    () => ({ reference, kernelRelese }),
    ["image.kernelRelese is not a known property; did you mean kernelRelease?"],
  ],
  [
    "in an output",
    () => later({ reference, kernelRelese }),
    ["image.kernelRelese is not a known property; did you mean kernelRelease?"],
  ],
  [
    "two of them",
    () => ({ reference, kernelRelese, tag: "x" }),
    [
      "image.kernelRelese is not a known property; did you mean kernelRelease?\nimage.tag is not a known property; known are reference, kernelRelease",
    ],
  ],
  [
    "an image of another stack",
    () => ({ urn: "urn:pulumi:…", reference, kernelRelease: newKernel, tags: [] }),
    [],
  ],
])("what means nothing in an image reaches check, which names it: %s", async (_, image, words) => {
  expect(await problemsOfChange(fcosKind, {}, await registeredFor({ ...good, image: image() }))).toEqual(
    words,
  );
});

test.each<[string, object, string[] | undefined]>([
  ["none", { web: { command: "true" } }, undefined],
  ["an output that is none", { web: { command: later("true") } }, undefined],
  ["a command", { web: { command: pulumi.secret("curl -u me:hunter22 localhost") } }, ["healthChecks"]],
  ["all of them", pulumi.secret({ web: { command: "true" } }), ["healthChecks"]],
])("secrets that a failed health check would show: %s", async (_, healthChecks, paths) => {
  const inputs = await registeredFor({ ...good, image: reference, healthChecks });
  expect(inputs["__secretPaths"]).toEqual(paths);
});

test.each(everyField(declaredShape))("%s may be an unknown output", async (field) => {
  for (const args of variants) {
    const path = placeIn(args, field);
    if (path === undefined) continue;
    const unsure = replaced(args, path, notKnown()) as Inputs;
    const inputs = await registeredFor(unsure);
    expect(await problemsOfChange(fcosKind, {}, inputs)).toEqual([]);
    // What is not the image leaves it known: the preview shows real values.
    if (field !== "image") expect(inputs["booted"]).toMatchObject({ digest: newDigest });
  }
});

describe("the preview of a new machine", () => {
  const nobody = {
    ...good,
    connection: { host: "127.0.0.1", port: 1, hostKey: "accept-new", privateKey: files.ed25519 },
  };

  async function linesOf(args: object, mostMilliseconds = 3000): Promise<string[]> {
    const name = `new-${++number}`;
    isNew.add(name);
    await registeredFor(args, name);
    for (let waited = 0; said.length === 0 && waited < mostMilliseconds; waited += 20)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return said;
  }

  test("a machine that does not answer", async () =>
    expect(await linesOf({ ...nobody, image: reference })).toEqual([
      expect.stringMatching(
        /^the machine could not be looked at, so what it runs is not shown: .*127\.0\.0\.1/,
      ),
    ]));

  test("an image that is not known yet does not keep it from being looked at", async () =>
    expect(await linesOf({ ...nobody, image: { reference: notKnown(), kernelRelease: newKernel } })).toEqual([
      expect.stringMatching(/^the machine could not be looked at/),
    ]));

  test("nor does one of which not even the kernel is known", async () =>
    expect(await linesOf({ ...nobody, image: notKnown() })).toEqual([
      expect.stringMatching(/^the machine could not be looked at/),
    ]));

  test("an address that is not known yet does", async () => {
    const connection = { ...nobody.connection, host: notKnown() };
    expect(await linesOf({ ...nobody, connection, image: reference })).toEqual([
      "MOVE: something in its inputs is not known yet, so the machine was not looked at",
    ]);
  });

  test("of an image with a mistake in it nothing is said: check refuses it", async () =>
    expect(await linesOf({ ...nobody, image: { reference, kernelRelese } }, 300)).toEqual([]));

  test("it can be switched off", async () =>
    expect(await linesOf({ ...nobody, image: reference, probeInPreview: false }, 300)).toEqual([]));

  test("a machine that is there already is told by the provider", async () => {
    await registeredFor({ ...nobody, image: reference });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(said).toEqual([]);
  });
});
