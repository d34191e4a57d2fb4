import { hostKey } from "../../support/builders";
import { fromFiles, type BadInput } from "./row";

const builder = { host: "b", hostKey };
const notHere = "names a file that does not exist where Pulumi runs: ";

/** Where an image goes, where it is built, and what is said of it. */
export const badImagePlaces: readonly BadInput[] = [
  ["no registry", "registry", undefined, "registry is missing (an object)"],
  [
    "a repository with a tag",
    "registry.repository",
    "r.example/x:live",
    "registry.repository must have no tag and no digest: r.example/x",
  ],
  [
    "a repository without a registry",
    "registry.repository",
    "fcos/web",
    "registry.repository must be a full name",
  ],
  [
    "a repository as a URL",
    "registry.repository",
    "https://r.example/x",
    'registry.repository must be "registry/repository"',
  ],
  ["a tag with a blank", "registry.tags", ["a b"], "registry.tags[0] must be a tag"],
  ["a tag twice", "registry.tags", ["a", "a"], "registry.tags names one tag twice: a"],
  ["another tool", "builder.tool", "docker", 'builder.tool must be one of "buildah", "podman"'],
  [
    "a builder whose key is not known",
    "builder",
    { connection: { host: "b" } },
    "builder.connection.hostKey must be the builder's public key",
  ],
  [
    "a builder whose first key would be taken",
    "builder",
    { connection: { ...builder, hostKey: "accept-new" } },
    "builder.connection.hostKey must be the builder's public key",
  ],
  [
    "a builder behind itself",
    "builder",
    { connection: { ...builder, jumpHost: builder } },
    "builder.connection.jumpHost is the host itself",
  ],
  [
    "root's sudo",
    "builder",
    { connection: { ...builder, sudoPassword: "p" } },
    "builder.connection.sudoPassword is given, but the user is root",
  ],
  [
    "a key that is not here",
    "builder",
    fromFiles((files) => ({ connection: { ...builder, privateKeyPath: files.missing } })),
    `builder.connection.privateKeyPath ${notHere}`,
  ],
  ["a signature without a key", "sign", {}, "sign needs either privateKey or privateKeyPath"],
  [
    "a key for signing as a path",
    "sign.privateKey",
    "/root/cosign.key",
    'sign.privateKey must be a private key as "cosign',
  ],
  [
    "an ssh key for signing",
    "sign.privateKey",
    fromFiles((files) => files.ed25519),
    'sign.privateKey must be a private key as "cosign',
  ],
  [
    "a key for signing that is not here",
    "sign",
    fromFiles((files) => ({ privateKeyPath: files.missing })),
    `sign.privateKeyPath ${notHere}`,
  ],
  ["another platform", "platform", "linux/s390x", 'platform must be one of "linux/amd64", "linux/arm64"'],
  ["the architecture alone", "platform", "amd64", 'platform must be one of "linux/amd64", "linux/arm64"'],
  ["a label of ours", "labels", { "ostree.linux": "6.1" }, 'labels["ostree.linux"] must not be set'],
  ["a label with a blank", "labels", { "a b": "x" }, 'labels["a b"] must be the name of a label'],
  ["a label of two lines", "labels", { team: "a\nb" }, "labels.team must be a single line"],
  ["consent in words", "allowRebuild", "yes", "allowRebuild must be a boolean, not a string"],
  [
    "a deadline beyond a day",
    "deadlines",
    { pushSeconds: 86401 },
    "deadlines.pushSeconds must be at most 86400 seconds",
  ],
  [
    "an argument of another resource",
    "machine",
    "web",
    "machine is not a known property; known are base, kernel, ",
  ],
];
