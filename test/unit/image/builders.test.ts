import { buildCommand, pushCommand } from "../../../provider/image/builders/builder";
import { buildah } from "../../../provider/image/builders/buildah";
import { podman } from "../../../provider/image/builders/podman";
import { registryRefusal } from "../../../provider/image/builders/registry-words";

const request = {
  from: "localhost/x-base",
  name: "localhost/x-image",
  containerfile: "context/Containerfile",
  context: "context",
};
const login = { authFile: "/dev/shm/x/auth.json", certificates: "/var/tmp/x/certificates" };
const reference = `quay.io/fedora/fedora-coreos@sha256:${"a".repeat(64)}`;

describe("commands", () => {
  test("a build", () => {
    expect(buildCommand(buildah, { ...request, isolation: "", platform: undefined })).toBe(
      "buildah build --layers=false --force-rm --security-opt=label=disable" +
        " --from='localhost/x-base' --tag='localhost/x-image' --file='context/Containerfile' 'context'",
    );
  });

  test("a build in chroot's isolation, for a platform, with an annotation that has a quote", () => {
    const command = buildCommand(podman, {
      ...request,
      isolation: "chroot",
      platform: "linux/arm64",
      annotations: { name: "it's" },
    });
    expect(command).toMatch(/^podman build /);
    expect(command).toContain("--isolation=chroot --platform='linux/arm64' --annotation='name=it'\\''s'");
  });

  test("a push", () => {
    const destination = "registry.example.org/fcos/web:own";
    expect(pushCommand(buildah, { name: request.name, destination, digestFile: "digest", login })).toBe(
      "buildah push --authfile='/dev/shm/x/auth.json' --cert-dir='/var/tmp/x/certificates' --digestfile='digest'" +
        " 'localhost/x-image' 'docker://registry.example.org/fcos/web:own'",
    );
  });

  test("a pull asks no registry for what is there", () => {
    expect(buildah.pull(reference, {}, undefined)).toBe(
      `buildah pull --policy=missing 'docker://${reference}'`,
    );
    expect(podman.pull(reference, login, "linux/amd64")).toBe(
      `podman image inspect --format '{{.Id}}' '${reference}' 2>/dev/null || podman pull --authfile='/dev/shm/x/auth.json' --cert-dir='/var/tmp/x/certificates' --platform='linux/amd64' 'docker://${reference}'`,
    );
  });
});

/** Recorded of buildah 1.28.2 and podman 4.3.1, in part. */
test.each([
  [
    buildah,
    '{"Type": "buildah 0.0.1", "FromImageID": "66821a12", "OCIv1": {"architecture": "amd64", "os": "linux", "config": {"Labels": {"containers.bootc": "1"}}}}',
  ],
  [
    podman,
    '[{"Id": "66821a12", "Architecture": "amd64", "Os": "linux", "Labels": {"containers.bootc": "1"}}]',
  ],
])("what $tool says of an image", (builder, output) => {
  expect(builder.parseInspect(output)).toEqual({
    id: "66821a12",
    architecture: "amd64",
    labels: { "containers.bootc": "1" },
  });
});

test("an image without labels", () => {
  expect(podman.parseInspect('[{"Id": "1", "Architecture": "arm64", "Labels": null}]').labels).toEqual({});
  expect(buildah.parseInspect('{"FromImageID": "1", "OCIv1": {"architecture": "arm64"}}').labels).toEqual({});
});

/** As the tools of bookworm said it to a real registry, in part. */
test.each([
  [
    "Error: trying to reuse blob sha256:1 at destination: checking whether a blob exists: unauthorized: authentication required",
    "login-refused",
    "registry.username",
  ],
  [
    "Error: pinging container registry 127.0.0.1:5000: x509: certificate signed by unknown authority",
    "registry-failed",
    "registry.certificateAuthority",
  ],
  [
    "Error: initializing source docker://x: reading manifest sha256:1: manifest unknown: manifest unknown",
    "bad-input",
    "registry",
  ],
  [
    'Error: pinging container registry 127.0.0.1:1: Get "https://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    "unreachable",
    "build machine",
  ],
  ["Error: writing blob: write /var/tmp/storage1: no space left on device", "push-failed", "make room"],
  ["Error: something else", "push-failed", "look at what the tool says"],
])("%s", (stderr, code, next) => {
  const error = registryRefusal(stderr, {
    what: "x could not be pushed",
    property: "registry",
    code: "push-failed",
  });
  expect(error.code).toBe(code);
  expect(error.details.next).toContain(next);
  expect(error.details.seen).toBe(stderr);
});
