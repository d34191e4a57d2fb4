// Documents in the form of bootc 1.16, after bootc's own fixtures (there as YAML).

const bootcHost = (status: object) => ({
  apiVersion: "org.containers.bootc/v1",
  kind: "BootcHost",
  metadata: { name: "host" },
  spec: { image: null, bootOrder: "default" },
  status,
});

const centos = (checksum: string, imageDigest: string) => ({
  image: {
    image: { image: "quay.io/centos-bootc/centos-bootc:stream9", transport: "registry" },
    version: "stream9.20240807.0",
    timestamp: null,
    imageDigest,
    architecture: "amd64",
  },
  cachedUpdate: null,
  incompatible: false,
  pinned: false,
  softRebootCapable: false,
  downloadOnly: false,
  store: "ostreeContainer",
  ostree: { checksum, deploySerial: 0, stateroot: "default" },
  composefs: null,
});

export const centosDigest = "sha256:47e5ed613a970b6574bfa954ab25bb6e85656552899aa518b5961d9645102b38";
export const centosChecksum = "05cbf6dcae32e7a1c5a0774a648a073a5834a305ca92204b53fb6c281fe49db1";
export const ostreeChecksum = "f9fa3a553ceaaaf30cf85bfe7eed46a822f7b8fd7e14c1e3389cbc3f6d27f791";
export const layeredChecksum = "1c24260fdd1be20f72a4a97a75c582834ee3431fbb0fa8e4f482bb219d633a45";
export const otherChecksum = "26836632adf6228d64ef07a26fd3efaf177104efd1f341a2cf7909a3e4e2c72c";
export const otherDigest = "sha256:736b359467c9437c1ac915acaae952aad854e07eb4a16a94999a48af08c83c34";

const withoutImage = (checksum: string, incompatible: boolean) => ({
  image: null,
  cachedUpdate: null,
  incompatible,
  pinned: false,
  store: null,
  ostree: { checksum, deploySerial: 0 },
});

/** The first move from a system that no image made. */
export const bootcFromOstree = bootcHost({
  staged: centos(centosChecksum, centosDigest),
  booted: withoutImage(ostreeChecksum, false),
  rollback: null,
  rollbackQueued: false,
  type: null,
});

/** A package was layered, and is staged. */
export const bootcLayered = bootcHost({
  staged: withoutImage(layeredChecksum, true),
  booted: withoutImage(ostreeChecksum, false),
  rollback: null,
  rollbackQueued: false,
  type: null,
});

export const bootcQueued = bootcHost({
  staged: null,
  booted: centos(centosChecksum, centosDigest),
  rollback: centos(otherChecksum, otherDigest),
  otherDeployments: [{ ...centos(layeredChecksum, otherDigest), pinned: true }],
  rollbackQueued: true,
  type: "bootcHost",
  usrOverlay: null,
  readOnly: false,
});

/** On a machine that is none of its own. */
export const bootcNothing = bootcHost({
  staged: null,
  booted: null,
  rollback: null,
  rollbackQueued: false,
  type: null,
});
