// The documents as a program sees them: values that come later, secrets, and errors as the engine shows them.
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { ignition, machineConfig, machineOSConfig } from "../../../provider/resources/image-documents";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const image = `quay.io/org/node@${digest}`;

beforeAll(() =>
  pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "p", "s", true),
);

interface Inner<T> {
  promise(): Promise<T>;
  isKnown: Promise<boolean>;
  isSecret: Promise<boolean>;
}
const inner = <T>(output: pulumi.Output<T>): Inner<T> => output as unknown as Inner<T>;

/** As @pulumi/kubernetes takes a custom resource: what stands in it beside these may have any name. */
interface CustomResourceArgs {
  apiVersion: pulumi.Input<string>;
  kind: pulumi.Input<string>;
  [otherFields: string]: pulumi.Input<unknown>;
}

test("the type check takes the documents for custom resources", () => {
  const documents: CustomResourceArgs[] = [machineConfig(image, { pool: "worker" })];
  expect(documents[0]?.kind).toBe("MachineConfig");
});

test.each([
  ["its reference", image],
  ["its reference as an output", pulumi.output(image)],
  ["a resource", { reference: pulumi.output(image) }],
])("a MachineConfig of %s", async (_, source) => {
  const { apiVersion, kind, metadata, spec } = machineConfig(source, { pool: pulumi.output("worker") });
  expect({
    apiVersion,
    kind,
    metadata: await inner(metadata).promise(),
    spec: await inner(spec).promise(),
  }).toEqual({
    apiVersion: "machineconfiguration.openshift.io/v1",
    kind: "MachineConfig",
    metadata: {
      name: "99-worker-layered-image",
      labels: { "machineconfiguration.openshift.io/role": "worker" },
    },
    spec: { osImageURL: image },
  });
});

test("of an image that is not built yet the object's name is known all the same", async () => {
  const later = { reference: pulumi.output(unknown) as unknown as pulumi.Output<string> };
  const { metadata, spec } = machineConfig(later, { pool: "worker" });
  expect(await inner(spec).isKnown).toBe(false);
  expect((await inner(metadata).promise()).name).toBe("99-worker-layered-image");
});

test("a MachineOSConfig", async () => {
  const { kind, metadata, spec } = machineOSConfig({
    pool: "worker",
    renderedImagePushSpec: "quay.io/org/node:latest",
    renderedImagePushSecret: pulumi.output("push"),
    containerFile: [{ content: pulumi.output("FROM configs AS final") }],
  });
  expect([kind, await inner(metadata).promise()]).toEqual(["MachineOSConfig", { name: "worker" }]);
  expect((await inner(spec).promise()).containerFile).toEqual([
    { containerfileArch: "NoArch", content: "FROM configs AS final" },
  ]);
});

test("an Ignition document is JSON text; with a login it is a secret", async () => {
  const plain = inner(ignition(image));
  const withLogin = inner(ignition(image, { registry: { username: "a", password: pulumi.output("b") } }));
  expect([await plain.isSecret, await withLogin.isSecret]).toEqual([false, true]);
  expect(JSON.parse(await plain.promise())).toMatchObject({ ignition: { version: "3.4.0" } });
  expect(await withLogin.promise()).toContain("/etc/ostree/auth.json");
});

test("a secret in the given document stays one", async () => {
  const merge = pulumi.secret({ ignition: { version: "3.4.0" }, passwd: {} });
  expect(await inner(ignition(image, { merge })).isSecret).toBe(true);
});

/** An output is several promises; what the engine's own handler would take is taken here. */
async function errorOf(output: pulumi.Output<unknown>): Promise<unknown> {
  const { isKnown, isSecret } = inner(output);
  const resources = (output as unknown as { allResources(): Promise<unknown> }).allResources();
  const ends = await Promise.allSettled([inner(output).promise(), isKnown, isSecret, resources]);
  return ends[0].status === "rejected" ? ends[0].reason : undefined;
}

test.each<[string, () => pulumi.Output<unknown>]>([
  ["machineConfig", () => machineConfig("quay.io/org/node:stable", { pool: "worker" }).spec],
  ["ignition", () => ignition("quay.io/org/node:stable")],
])("%s: an error is its text, without a stack of ours", async (_, make) => {
  const error = await errorOf(make());
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toMatch(/^image: must be [\s\S]*next: {5}correct the program/);
});
