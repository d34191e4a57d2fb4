import {
  machineConfig,
  machineOSConfig,
  type MachineConfigOptions,
  type MachineOSConfigOptions,
} from "../../../provider/image/okd";
import { failureOf } from "../support/fake-shell";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const image = `quay.io/org/node@${digest}`;

test("a MachineConfig, field by field", () => {
  expect(machineConfig(image, { pool: "worker" })).toEqual({
    apiVersion: "machineconfiguration.openshift.io/v1",
    kind: "MachineConfig",
    metadata: {
      name: "99-worker-layered-image",
      labels: { "machineconfiguration.openshift.io/role": "worker" },
    },
    spec: { osImageURL: image },
  });
});

test("a MachineConfig with all that can be given; a tag beside the digest is left out", () => {
  const options = { pool: "infra.gpu", name: "50-kernel", kernelArguments: ["panic=10"] };
  expect(machineConfig(`quay.io/org/node:stable@${digest}`, options)).toMatchObject({
    metadata: { name: "50-kernel", labels: { "machineconfiguration.openshift.io/role": "infra.gpu" } },
    spec: { osImageURL: image, kernelArguments: ["panic=10"] },
  });
});

test.each<[string, string, Partial<MachineConfigOptions>, RegExp]>([
  ["a tag alone", "quay.io/org/node:stable", {}, /^image: must be .*@sha256:/],
  ["a digest that is too short", "quay.io/org/node@sha256:abc", {}, /^image: /],
  ["capitals in the digest", `quay.io/org/node@${digest.toUpperCase()}`, {}, /^image: /],
  ["no registry", `node@${digest}`, {}, /^image: /],
  ["an empty pool", image, { pool: "" }, /^pool: must be a name/],
  ["a pool with capitals", image, { pool: "Worker" }, /^pool: /],
  ["a pool that ends with a dash", image, { pool: "worker-" }, /^pool: /],
  ["a pool that is longer than a label", image, { pool: "w".repeat(64) }, /^pool: .*up to 63/],
  ["a name with a blank", image, { name: "a b" }, /^name: .*up to 253/],
  ["a name that is too long", image, { name: "w".repeat(254) }, /^name: /],
])("a MachineConfig with %s", async (_, reference, changes, what) => {
  const error = await failureOf(() => machineConfig(reference, { pool: "worker", ...changes }));
  expect([error.code, error.details.what]).toEqual(["bad-input", expect.stringMatching(what)]);
});

const content = "FROM configs AS final\nRUN dnf install -y tmux && ostree container commit\n";
const options = {
  pool: "worker",
  renderedImagePushSpec: "registry.example.com:5000/team/node-image:latest",
  renderedImagePushSecret: "push",
};

test("the least MachineOSConfig, named like its pool", () => {
  expect(machineOSConfig(options)).toEqual({
    apiVersion: "machineconfiguration.openshift.io/v1",
    kind: "MachineOSConfig",
    metadata: { name: "worker" },
    spec: {
      machineConfigPool: { name: "worker" },
      imageBuilder: { imageBuilderType: "Job" },
      renderedImagePushSecret: { name: "push" },
      renderedImagePushSpec: "registry.example.com:5000/team/node-image:latest",
    },
  });
});

test("a MachineOSConfig with all that can be given", () => {
  const { spec } = machineOSConfig({
    ...options,
    baseImagePullSecret: "pull",
    containerFile: [{ content }, { content, containerfileArch: "ARM64" }],
  });
  expect(spec.baseImagePullSecret).toEqual({ name: "pull" });
  expect(spec.containerFile).toEqual([
    { containerfileArch: "NoArch", content },
    { containerfileArch: "ARM64", content },
  ]);
  expect(machineOSConfig({ ...options, containerFile: content }).spec.containerFile).toEqual([
    { containerfileArch: "NoArch", content },
  ]);
});

test.each([
  "image-registry.openshift-image-registry.svc:5000/openshift-machine-config-operator/os-image:latest",
  "quay.io/a:1",
  "quay.io/a/b_c/d-e/f.g:v1.0_x",
])("the push spec %s", (renderedImagePushSpec) => {
  const { spec } = machineOSConfig({ ...options, renderedImagePushSpec });
  expect(spec.renderedImagePushSpec).toBe(renderedImagePushSpec);
});

const exactly = (length: number): string => content.padEnd(length, "é");

test("4096 characters are what the API server counts, not bytes", () => {
  expect(machineOSConfig({ ...options, containerFile: exactly(4096) }).spec.containerFile).toHaveLength(1);
});

test.each<[string, Partial<MachineOSConfigOptions>, RegExp]>([
  ["4097 characters", { containerFile: exactly(4097) }, /^containerFile\[0\]\.content: must be at most 4096/],
  [
    "no stage configs",
    { containerFile: "FROM quay.io/a\nRUN x" },
    /^containerFile\[0\]\.content: must end with/,
  ],
  ["another last stage", { containerFile: `${content}FROM scratch` }, /must end with a stage "FROM configs/],
  ["nothing in it", { containerFile: "" }, /must end with a stage/],
  ["an architecture twice", { containerFile: [{ content }, { content }] }, /^containerFile: must name each/],
  [
    "an unknown architecture",
    { containerFile: [{ content, containerfileArch: "amd64" as "AMD64" }] },
    /^containerFile\[0\]\.containerfileArch: must be one of NoArch, AMD64/,
  ],
  ["five of them", { containerFile: Array.from({ length: 5 }, () => ({ content })) }, /must be at most 4/],
  [
    "a push spec without a tag",
    { renderedImagePushSpec: "quay.io/a/b" },
    /^renderedImagePushSpec: .*with a tag/,
  ],
  ["a push spec with a digest", { renderedImagePushSpec: image }, /^renderedImagePushSpec: /],
  [
    "a push spec without a domain",
    { renderedImagePushSpec: "registry:5000/a:1" },
    /^renderedImagePushSpec: /,
  ],
  ["a dot in a namespace", { renderedImagePushSpec: "quay.io/a.b/c:1" }, /^renderedImagePushSpec: /],
  ["a push spec that is too long", { renderedImagePushSpec: `quay.io/a:${"x".repeat(440)}` }, /at most 447/],
  ["a bad pool", { pool: "a_b" }, /^pool: /],
  ["a bad push secret", { renderedImagePushSecret: "-a" }, /^renderedImagePushSecret: /],
  ["a bad pull secret", { baseImagePullSecret: "" }, /^baseImagePullSecret: /],
])("a MachineOSConfig with %s", async (_, changes, what) => {
  const error = await failureOf(() => machineOSConfig({ ...options, ...changes }));
  expect([error.code, error.details.what]).toEqual(["bad-input", expect.stringMatching(what)]);
});
