// What the constructor hands to the engine in a preview, by Pulumi's own mocks.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { unknown } from "@pulumi/pulumi/output";
import { FcosLayeredImage, type FcosLayeredImageArgs } from "../../../provider/index";
import { declaredShape } from "../../../provider/image/schema";
import { imageKind } from "../../../provider/runtime/image-kind";
import type { Inputs } from "../../../provider/runtime/inputs";
import { withDigest } from "../../../provider/resources/image-inputs";
import { problemsOfChange } from "../../../provider/runtime/problems";
import { oldDigest } from "../support/image-builders";
import { kernelCore, sha256 } from "../support/rpm-writer";
import { Files } from "./bad-input/files";
import { replaced, withUnknowns } from "./constructed";
import { everyField, placeIn } from "./every-field";
import { everyGoodImage } from "./every-good-image";

const files = new Files();
const registered = new Map<string, { type: string; inputs: Inputs }>();
const kernelRelease = "6.12.94-200.fc42.x86_64";
const rpm = kernelCore(kernelRelease);
const path = join(files.folder, "kernel-core.rpm");
const reference = `registry.example.org/fcos/base@${oldDigest}`;
let number = 0;
const requests = jest.spyOn(MockMonitor.prototype, "registerResource");

beforeAll(() => {
  writeFileSync(path, rpm);
  process.env["IMMUTABLE_OS_CACHE"] = join(files.folder, "cache");
  return pulumi.runtime.setMocks(
    {
      newResource: ({ name, type, inputs }) => {
        registered.set(name, { type, inputs: inputs as Inputs });
        return { id: name, state: inputs as object };
      },
      call: () => ({}),
    },
    "unit",
    "dev",
    true,
  );
});
afterAll(() => {
  delete process.env["IMMUTABLE_OS_CACHE"];
  files.remove();
});

async function registeredFor(args: Inputs | undefined): Promise<Inputs> {
  const name = `image-${++number}`;
  const image = new FcosLayeredImage(name, args as unknown as FcosLayeredImageArgs);
  await new Promise((resolve) => image.urn.apply(resolve));
  return registered.get(name)?.inputs ?? {};
}

/** What a user can write, with a base by digest and an RPM of this machine: nothing is asked for over the network. */
const variants = everyGoodImage(files).map((inputs) => ({
  ...Object.fromEntries(Object.entries(inputs).filter(([key]) => key in declaredShape)),
  base: { ...(inputs["base"] as Inputs), reference, digest: undefined },
  kernel: { ...(inputs["kernel"] as Inputs), rpms: [{ path, sha256: sha256(rpm) }] },
}));
const good = {
  base: reference,
  kernel: { rpms: [{ path, sha256: sha256(rpm) }] },
  registry: { repository: "r.example/x" },
};

test("type token and __provider text, which stand in users' states", async () => {
  const inputs = await registeredFor(good);
  expect(registered.get(`image-${number}`)?.type).toBe("pulumi-nodejs:dynamic/immutable-os:FcosLayeredImage");
  expect(inputs["__provider"]).toBe(
    'exports.handler=()=>require("pulumi-immutable-os/provider").FcosLayeredImage;',
  );
});

test("kernel release and base digest are known in the preview", async () => {
  const inputs = await registeredFor(good);
  expect(inputs).toMatchObject({
    base: { reference, digest: oldDigest },
    kernelRelease,
    published: true,
    __fileHashes: {},
  });
  expect(inputs["__resolveError"]).toBeUndefined();
  expect(await problemsOfChange(imageKind, {}, inputs)).toEqual([]);
});

test("all that was given is handed on as it is, beside what it means", async () => {
  for (const args of variants) {
    const inputs = await registeredFor(args);
    expect(inputs).toMatchObject({ ...args, base: { reference, digest: oldDigest } });
    expect(inputs["kernelRelease"]).toBe(kernelRelease);
    expect(await problemsOfChange(imageKind, {}, inputs)).toEqual([]);
  }
});

test("a changed local file is a changed input", async () => {
  const source = join(files.folder, "motd");
  const hashes: unknown[] = [];
  for (const content of ["one", "two"]) {
    writeFileSync(source, content);
    hashes.push((await registeredFor({ ...good, files: { "/etc/motd": { source } } }))["__fileHashes"]);
  }
  expect(hashes).toEqual(["one", "two"].map((text) => ({ "/etc/motd": sha256(Buffer.from(text)) })));
});

test("what cannot be found out is refused by check, each named by its property", async () => {
  const missing = [{ path: files.missing, sha256: sha256(rpm) }];
  const inputs = await registeredFor({
    ...good,
    kernel: { rpms: missing },
    files: { "/etc/motd": { source: files.missing } },
  });
  const [said = ""] = await problemsOfChange(imageKind, {}, inputs);
  expect(said).toMatch(/^kernel\.rpms\[0\]\.path/);
  expect(said).toMatch(/^files\["\/etc\/motd"\]\.source/m);
});

test("a release that is given and is not that of the RPMs is an error of the preview", async () => {
  const inputs = await registeredFor({ ...good, kernel: { ...good.kernel, release: "6.1.0-1.x86_64" } });
  const [said = ""] = await problemsOfChange(imageKind, {}, inputs);
  expect(said).toMatch(/^kernel\.release/);
  expect(said).toContain(kernelRelease);
});

test("shapes that are wrong are named before what could not be found out", async () => {
  const rpms = [{ path: files.missing, sha256: sha256(rpm) }];
  const said = await problemsOfChange(
    imageKind,
    {},
    await registeredFor({ ...good, kernel: { rpms }, platform: 5 }),
  );
  expect(said).toEqual([
    expect.stringMatching(/^platform must be /),
    expect.stringMatching(/^kernel\.rpms\[0\]\.path/),
  ]);
});

test.each<[string, Inputs | undefined]>([
  ["undefined", undefined],
  ["nothing", {}],
  ["nulls", { base: null, kernel: null, registry: null, files: null, platform: null }],
  ["texts", { base: "", kernel: "x", registry: "x", files: "x", platform: "x" }],
  ["lists", { base: [], kernel: [], registry: [], files: [], platform: [] }],
])("arguments of any shape reach check, and do not end the program: %s", async (_, args) => {
  const inputs = await registeredFor(args);
  expect((await problemsOfChange(imageKind, {}, inputs)).length).toBeGreaterThan(0);
});

test("an argument that is none reaches check, which names it", async () => {
  const inputs = await registeredFor({ ...good, kernal: {} });
  expect(await problemsOfChange(imageKind, {}, inputs)).toEqual([
    "kernal is not a known property; did you mean kernel?",
  ]);
});

test("a secret password hides nothing but itself", async () => {
  const inputs = await registeredFor({
    ...good,
    base: { reference, username: "u", password: pulumi.secret("hunter22") },
    files: { "/etc/motd": { content: pulumi.secret("x") }, "/etc/key": { source: pulumi.secret(path) } },
  });
  expect(inputs["kernelRelease"]).toBe(kernelRelease);
  expect(inputs["__fileHashes"]).toEqual({ "/etc/key": sha256(rpm) });
  // What a mock is handed bubbles up; what goes over the wire does not.
  const base = withDigest({ reference, password: pulumi.secret("hunter22") }, pulumi.output(oldDigest));
  expect(await pulumi.runtime.serializeProperties("base", { base })).toEqual({
    base: {
      reference,
      digest: oldDigest,
      password: expect.objectContaining({ value: "hunter22" }) as unknown,
    },
  });
});

test.each<[string, Inputs, string[] | undefined]>([
  ["none", { run: ["true"], labels: { a: "b" } }, undefined],
  ["an output that is none", { run: pulumi.output(["true"]) }, undefined],
  ["steps", { run: pulumi.secret(["true"]), labels: { a: "b" } }, ["run"]],
  ["one step", { run: ["true", pulumi.secret("false")] }, ["run"]],
  ["a label and steps", { run: pulumi.secret([]), labels: { a: pulumi.secret("b") } }, ["run", "labels"]],
])("secrets that the Containerfile would show: %s", async (_, args, paths) => {
  expect((await registeredFor({ ...good, ...args }))["__secretPaths"]).toEqual(paths);
  // Decided before it is known of an output whether it is a secret.
  const mayBe = paths !== undefined || pulumi.Output.isInstance(args["run"]);
  const request = requests.mock.calls.at(-1)?.[0] as RegisterResourceRequest;
  expect(request.getAdditionalsecretoutputsList()).toEqual(mayBe ? ["containerfile"] : []);
});

test("a base by digest is known, although the password for it is not", async () => {
  const base = { reference, username: "u", password: pulumi.output(unknown) };
  const inputs = withUnknowns(await registeredFor({ ...good, base })) as Inputs;
  expect(inputs["base"]).toMatchObject({ digest: oldDigest, password: pulumi.runtime.unknownValue });
});

test("another key in the same file is another input; a key that is given as text is not looked for", async () => {
  const privateKeyPath = join(files.folder, "cosign.key");
  const hashes: unknown[] = [];
  for (const content of ["one", "two"]) {
    writeFileSync(privateKeyPath, content);
    hashes.push((await registeredFor({ ...good, sign: { privateKeyPath } }))["__signKeyHash"]);
  }
  expect(hashes).toEqual(["one", "two"].map((text) => sha256(Buffer.from(text))));
  expect((await registeredFor({ ...good, sign: { privateKey: "x" } }))["__signKeyHash"]).toBeUndefined();
});

test.each(["a text", "an object"])("a base that comes as an output: %s", async (form) => {
  const base = form === "a text" ? pulumi.output(reference) : pulumi.output({ reference });
  expect((await registeredFor({ ...good, base }))["base"]).toEqual({ reference, digest: oldDigest });
});

/** Whatever decides about the kernel; all else leaves its release known. */
const decides = /^(kernel(\..*)?|platform)$/;

test.each(everyField(declaredShape))("%s may be an unknown output", async (field) => {
  for (const args of variants) {
    const place = placeIn(args, field);
    if (place === undefined) continue;
    const unsure = replaced(args, place, pulumi.output(unknown)) as Inputs;
    const inputs = withUnknowns(await registeredFor(unsure)) as Inputs;
    expect(await problemsOfChange(imageKind, {}, inputs)).toEqual([]);
    if (!decides.test(field)) expect(inputs["kernelRelease"]).toBe(kernelRelease);
    if (!/^files(\.\*(\.source)?)?$/.test(field))
      expect(inputs["__fileHashes"]).not.toBe(pulumi.runtime.unknownValue);
    if (!field.startsWith("base")) expect(inputs["base"]).toMatchObject({ digest: oldDigest });
  }
});
