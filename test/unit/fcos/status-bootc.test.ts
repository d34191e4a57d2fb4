import { parseOstreeStatus } from "../../../provider/fcos/ostree-status";
import { parseBootcStatus, type BesideBootc, type BootcStatus } from "../../../provider/fcos/status-bootc";
import {
  bootcFromOstree,
  bootcLayered,
  bootcNothing,
  bootcQueued,
  centosChecksum,
  centosDigest,
  layeredChecksum,
  ostreeChecksum,
  otherChecksum,
  otherDigest,
} from "./recorded-bootc";

const nothing: BesideBootc = { ostree: new Map(), origins: new Map() };

function statusOf(document: object, beside = nothing): BootcStatus {
  const status = parseBootcStatus(JSON.stringify(document), beside);
  if (status === undefined) throw new Error("this is no status");
  return status;
}

describe("a status of bootc", () => {
  test("before the first move from a system that no image made", () => {
    expect(statusOf(bootcFromOstree).deployments).toEqual([
      {
        id: `${centosChecksum}.0`,
        stateroot: "default",
        digest: centosDigest,
        reference: "ostree-unverified-registry:quay.io/centos-bootc/centos-bootc:stream9",
        booted: false,
        staged: true,
        pinned: false,
        unlocked: "none",
        layering: [],
      },
      {
        id: `${ostreeChecksum}.0`,
        stateroot: "",
        digest: "",
        reference: "",
        booted: true,
        staged: false,
        pinned: false,
        unlocked: "none",
        layering: [],
      },
    ]);
  });

  test("with a rollback queued puts it first, and what else is kept last", () => {
    const { deployments } = statusOf(bootcQueued);
    expect(deployments.map(({ id, booted, pinned }) => [id, booted, pinned])).toEqual([
      [`${otherChecksum}.0`, false, false],
      [`${centosChecksum}.0`, true, false],
      [`${layeredChecksum}.0`, false, true],
    ]);
    const settled = { ...bootcQueued, status: { ...bootcQueued.status, rollbackQueued: false } };
    expect(
      statusOf(settled)
        .deployments.map(({ id }) => id)
        .slice(0, 2),
    ).toEqual([`${centosChecksum}.0`, `${otherChecksum}.0`]);
  });

  test("on a machine that is none of its own", () => {
    expect(statusOf(bootcNothing)).toEqual({ deployments: [], incompatible: false });
  });

  test("knows no layers: they come from the origin file", () => {
    const origin = `[origin]
container-image-reference=ostree-unverified-registry:quay.io/x/y@${otherDigest}

[packages]
requested=htop;strace;
requested-local=${"a".repeat(64)}:foo-1-1.x86_64;

[overrides]
remove=firefox;
replace-local=${"b".repeat(64)}:kernel-6.9-1.x86_64;

[rpmostree]
regenerate-initramfs=true
initramfs-etc=/etc/crypttab;
initramfs-args=--add;iscsi;
`;
    const beside = { ...nothing, origins: new Map([[`${layeredChecksum}.0`, origin]]) };
    const status = statusOf(bootcLayered, beside);
    expect(status.incompatible).toBe(true);
    expect(status.deployments[0]).toMatchObject({
      digest: otherDigest,
      reference: `ostree-unverified-registry:quay.io/x/y@${otherDigest}`,
      layering: [
        "install htop",
        "install strace",
        "install foo-1-1.x86_64",
        "remove firefox",
        "replace kernel-6.9-1.x86_64",
        "regenerate the initramfs",
        "put into the initramfs: /etc/crypttab",
        "rpmostree/initramfs-args: --add",
        "rpmostree/initramfs-args: iscsi",
      ],
    });
  });

  test("that says incompatible is believed, also where no origin tells why", () => {
    expect(statusOf(bootcLayered).deployments[0]?.layering).toEqual([
      "something that bootc does not understand",
    ]);
  });

  test("knows nothing of what is unlocked: ostree tells it, and in which stateroot", () => {
    const ostree = parseOstreeStatus(`  default ${centosChecksum}.0 (staged)
    origin: <unknown origin type>
* default ${ostreeChecksum}.0
    Version: 41.20250105.2.0
    Unlocked: development
    origin refspec: fedora:fedora/x86_64/coreos/stable
`);
    const { deployments } = statusOf(bootcFromOstree, { ...nothing, ostree });
    expect(deployments.map(({ unlocked, stateroot }) => [unlocked, stateroot])).toEqual([
      ["none", "default"],
      ["development", "default"],
    ]);
  });

  test("of an image index says what was asked for, not what this architecture got of it", () => {
    const index = `sha256:${"1".repeat(64)}`;
    const { booted } = bootcQueued.status as unknown as { booted: { image: object } };
    const image = { ...booted.image, image: { image: `quay.io/x/y@${index}`, transport: "registry" } };
    const status = { ...bootcQueued, status: { ...bootcQueued.status, booted: { ...booted, image } } };
    expect(statusOf(status).deployments[1]?.digest).toBe(index);
  });

  test.each([
    [{ image: "quay.io/x/y", transport: "registry" }, "ostree-unverified-registry:quay.io/x/y"],
    [
      { image: "quay.io/x/y", transport: "registry", signature: "insecure" },
      "ostree-unverified-registry:quay.io/x/y",
    ],
    [
      { image: "quay.io/x/y", transport: "registry", signature: "containerPolicy" },
      "ostree-image-signed:docker://quay.io/x/y",
    ],
    [
      { image: "quay.io/x/y", transport: "registry", signature: { ostreeRemote: "fedora" } },
      "ostree-remote-image:fedora:docker://quay.io/x/y",
    ],
    [{ image: "/var/x", transport: "oci" }, "ostree-unverified-image:oci:/var/x"],
  ])("names %j as rpm-ostree does", (image, reference) => {
    const { booted } = bootcQueued.status as unknown as { booted: { image: object } };
    const changed = { ...booted, image: { ...booted.image, image } };
    const status = { ...bootcQueued, status: { ...bootcQueued.status, booted: changed } };
    expect(statusOf(status).deployments[1]?.reference).toBe(reference);
  });

  test.each([
    ["nothing", ""],
    ["words", "error: Status: Loading sysroot"],
    ["a status of rpm-ostree", '{"deployments":[]}'],
  ])("is not read from %s", (_, text) => {
    expect(parseBootcStatus(text, nothing)).toBeUndefined();
  });
});
