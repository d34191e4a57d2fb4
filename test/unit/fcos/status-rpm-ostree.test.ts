import { parseRpmOstreeStatus, type RpmOstreeStatus } from "../../../provider/fcos/status-rpm-ostree";
import {
  coreosOfImage,
  coreosStaged,
  layeredSilverblue,
  openshiftNode,
  replacedPackages,
} from "./recorded-status";

function statusOf(document: object): RpmOstreeStatus {
  const status = parseRpmOstreeStatus(JSON.stringify(document));
  if (status === undefined) throw new Error("this is no status");
  return status;
}

const changed = (change: object) => ({
  ...openshiftNode,
  deployments: [{ ...openshiftNode.deployments[0], ...change }],
});
const first = (document: object) => statusOf(document).deployments[0];

describe("a status of rpm-ostree", () => {
  test("of a Fedora CoreOS that an image made", () => {
    expect(statusOf(coreosOfImage)).toEqual({
      deployments: [
        {
          id: "93d0341726aec2fc96b2a956ee1486105f959305507b80e38c689e2abeb7a7e6.0",
          stateroot: "fedora-coreos",
          digest: "sha256:c4a15145a232d882ccf2ed32d22c06c01a7cf62317eb966a98340ae4bd56dfa6",
          reference:
            "ostree-remote-image:fedora:registry:quay.io/fedora/fedora-coreos@sha256:c4a15145a232d882ccf2ed32d22c06c01a7cf62317eb966a98340ae4bd56dfa6",
          booted: true,
          staged: false,
          pinned: false,
          unlocked: "none",
          layering: [],
        },
      ],
      transaction: "",
      registeredDriver: undefined,
    });
  });

  test("of one that no image made, with an update staged: no digest is made up", () => {
    const { deployments } = statusOf(coreosStaged);
    expect(
      deployments.map(({ digest, reference, staged, booted }) => [digest, reference, staged, booted]),
    ).toEqual([
      ["", "", true, false],
      ["", "", false, true],
    ]);
  });

  test("tells what Zincati has locked: no reboot would finalize it", () => {
    expect(statusOf(coreosStaged).deployments.map(({ locked }) => locked)).toEqual([true, undefined]);
  });

  test("keeps the order in which the boot loader tries them", () => {
    expect(statusOf(layeredSilverblue).deployments.map(({ id }) => id.slice(0, 4))).toEqual([
      "8523",
      "5516",
      "d184",
    ]);
  });

  test("tells who drives, and what runs now", () => {
    const busy = {
      ...openshiftNode,
      transaction: ["rebase ostree-unverified-registry:x", ":1.42", "/org/projectatomic/rpmostree1/rhcos"],
      "update-driver": { "driver-name": "Zincati", "driver-sd-unit": "zincati.service" },
    };
    expect(statusOf(busy)).toMatchObject({
      transaction: "rebase ostree-unverified-registry:x",
      registeredDriver: { name: "Zincati", unit: "zincati.service" },
    });
  });

  test("of an older tool takes the digest from the reference", () => {
    const { "container-image-reference-digest": digest, ...older } = openshiftNode.deployments[0] ?? {};
    expect(first({ ...openshiftNode, deployments: [older] })?.digest).toBe(digest);
    const byTag = { ...older, "container-image-reference": "ostree-unverified-registry:quay.io/x/y:latest" };
    expect(first({ ...openshiftNode, deployments: [byTag] })?.digest).toBe("");
  });

  test("of an image index says what was asked for, not what this architecture got of it", () => {
    const index = `sha256:${"1".repeat(64)}`;
    const asked = `ostree-unverified-registry:quay.io/x/y@${index}`;
    expect(first(changed({ "container-image-reference": asked }))?.digest).toBe(index);
  });

  test("takes what is not told as not so", () => {
    expect(first({ deployments: [{ checksum: "a".repeat(64), serial: 1, osname: "rhel" }] })).toEqual({
      id: `${"a".repeat(64)}.1`,
      stateroot: "rhel",
      digest: "",
      reference: "",
      booted: false,
      staged: false,
      pinned: false,
      unlocked: "none",
      layering: [],
    });
  });

  test("passes on pins and what is unlocked", () => {
    expect(first(changed({ pinned: true, unlocked: "hotfix" }))).toMatchObject({
      pinned: true,
      unlocked: "hotfix",
    });
  });

  test.each([
    ["nothing", ""],
    ["words", "error: Could not activate remote peer."],
    ["another document", '{"status":{}}'],
    ["half of one", JSON.stringify(openshiftNode).slice(0, 300)],
    ["a deployment without a checksum", '{"deployments":[{"serial":0,"osname":"x"}]}'],
  ])("is not read from %s", (_, text) => {
    expect(parseRpmOstreeStatus(text)).toBeUndefined();
  });
});

describe("local layering", () => {
  test.each<[string, object, string[]]>([
    ["packages", { "requested-packages": ["htop", "strace"] }, ["install htop", "install strace"]],
    ["a package from a file", { "requested-local-packages": ["foo-1-1.x86_64"] }, ["install foo-1-1.x86_64"]],
    [
      "a package over the image's files",
      { "requested-local-fileoverride-packages": ["bar-2-1.x86_64"] },
      ["install bar-2-1.x86_64"],
    ],
    ["a package taken away", { "requested-base-removals": ["firefox"] }, ["remove firefox"]],
    [
      "a kernel from a file",
      { "requested-base-local-replacements": ["kernel-6.9-1.x86_64"] },
      ["replace kernel-6.9-1.x86_64"],
    ],
    [
      "a package from another repository",
      {
        "base-remote-replacements": {
          "repo=updates": [
            [
              ["kernel-6.9-1.x86_64", "kernel"],
              ["kernel-6.8-1.x86_64", "kernel"],
            ],
          ],
        },
      },
      ["replace kernel-6.9-1.x86_64 (repo=updates)"],
    ],
    ["a module", { "requested-modules-enabled": ["nodejs:20"] }, ["enable the module nodejs:20"]],
    [
      "files in the initramfs",
      { "initramfs-etc": ["/etc/crypttab"] },
      ["put into the initramfs: /etc/crypttab"],
    ],
    ["an initramfs of its own", { "regenerate-initramfs": true }, ["regenerate the initramfs"]],
    ["changes at run time", { "live-replaced": "6a51bbab" }, ["apply changes to the running system"]],
  ])("of %s", (_, change, words) => {
    expect(first(changed(change))?.layering).toEqual(words);
  });

  test("as Silverblue machines had it", () => {
    expect(first(layeredSilverblue)?.layering).toEqual(["install exa", "install greenboot", "install vim"]);
    expect(first(replacedPackages)?.layering).toEqual([
      "install xsel",
      "install gdb",
      "replace rpm-ostree-2021.1-2.fc33.x86_64",
      "replace rpm-ostree-libs-2021.1-2.fc33.x86_64",
    ]);
  });
});
