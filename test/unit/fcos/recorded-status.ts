// Documents as the tools printed them: Fedora CoreOS 41 (fixtures of Zincati), RHEL CoreOS 4.12 and Silverblue 33 (tests of
// Red Hat's Insights), Silverblue 38. Of base-commit-meta, which holds the image's
// whole manifest, only the beginning is kept.

const nothingLayered = {
  "requested-packages": [],
  "requested-local-packages": [],
  "requested-local-fileoverride-packages": [],
  "requested-base-removals": [],
  "requested-base-local-replacements": [],
  packages: [],
  "base-removals": [],
  "base-local-replacements": [],
  "base-remote-replacements": {},
  "regenerate-initramfs": false,
};

export const coreosOfImage = {
  deployments: [
    {
      unlocked: "none",
      "base-commit-meta": {
        "ostree.importer.version": "0.15.3",
        "ostree.tar-filtered": {},
        "ostree.manifest": '{"schemaVersion":2,"config":{}}',
      },
      "custom-origin": [
        "quay.io/fedora/fedora-coreos@sha256:c4a15145a232d882ccf2ed32d22c06c01a7cf62317eb966a98340ae4bd56dfa6",
        "Fedora CoreOS Testing stream through OCI images",
      ],
      ...nothingLayered,
      pinned: false,
      osname: "fedora-coreos",
      checksum: "93d0341726aec2fc96b2a956ee1486105f959305507b80e38c689e2abeb7a7e6",
      "container-image-reference-digest":
        "sha256:c4a15145a232d882ccf2ed32d22c06c01a7cf62317eb966a98340ae4bd56dfa6",
      id: "fedora-coreos-93d0341726aec2fc96b2a956ee1486105f959305507b80e38c689e2abeb7a7e6.0",
      version: "41.20250105.2.0",
      serial: 0,
      timestamp: 1736192785,
      staged: false,
      booted: true,
      "container-image-reference":
        "ostree-remote-image:fedora:registry:quay.io/fedora/fedora-coreos@sha256:c4a15145a232d882ccf2ed32d22c06c01a7cf62317eb966a98340ae4bd56dfa6",
    },
  ],
  transaction: null,
  "cached-update": null,
  "update-driver": null,
};

/** As Zincati locks what it has staged; of a time before images, without the keys that came later. */
export const coreosStaged = {
  deployments: [
    {
      unlocked: "none",
      "requested-local-packages": [],
      "base-commit-meta": { "fedora-coreos.stream": "stable", version: "31.20200517.3.0" },
      "base-removals": [],
      "gpg-enabled": true,
      origin: "fedora:fedora/x86_64/coreos/stable",
      osname: "fedora-coreos",
      pinned: false,
      "requested-base-local-replacements": [],
      checksum: "967b7b8d624e6d10ff51c2e81ef198fae966c567ac2e9b479771c693d0987949",
      booted: false,
      "regenerate-initramfs": false,
      id: "fedora-coreos-967b7b8d624e6d10ff51c2e81ef198fae966c567ac2e9b479771c693d0987949.0",
      version: "31.20200517.3.0",
      "requested-packages": [],
      "requested-base-removals": [],
      serial: 0,
      timestamp: 1591031729,
      staged: true,
      "finalization-locked": true,
      packages: [],
      "base-local-replacements": [],
    },
    {
      unlocked: "none",
      "pending-base-version": "31.20200517.3.0",
      "base-commit-meta": { "fedora-coreos.stream": "stable", version: "31.20200505.3.0" },
      "requested-local-packages": [],
      "base-removals": [],
      "gpg-enabled": true,
      origin: "fedora:fedora/x86_64/coreos/stable",
      osname: "fedora-coreos",
      pinned: false,
      "requested-base-local-replacements": [],
      checksum: "01f074cc6cd88d8d2b43f821da692f2367c101eb4377802cb35092bde0ef02f7",
      "regenerate-initramfs": false,
      id: "fedora-coreos-01f074cc6cd88d8d2b43f821da692f2367c101eb4377802cb35092bde0ef02f7.0",
      version: "31.20200505.3.0",
      "requested-packages": [],
      "requested-base-removals": [],
      serial: 0,
      timestamp: 1589895586,
      "base-local-replacements": [],
      packages: [],
      booted: true,
    },
  ],
  transaction: null,
  "cached-update": null,
};

/** Silverblue 38: staged, booted, rollback, each with packages of its own. */
export const layeredSilverblue = {
  deployments: [
    [
      "8523da044806b21d28963a07c3e21e01d9a00dfeb76d4dbcdb582e8b3bf4d7b2",
      ["exa", "greenboot", "vim"],
      "staged",
    ],
    ["551647113bff576a61185a056d7d2359751eac87375f2668955805e404cc6627", ["greenboot", "vim"], "booted"],
    ["d1846d3f6fa89e6967cc740313ea727126e02db5b7af103f171d0e8f432a3d4d", ["bat", "tmux"], ""],
  ].map(([checksum, packages, role]) => ({
    ...nothingLayered,
    "requested-packages": packages,
    "requested-modules": [],
    "requested-modules-enabled": [],
    modules: [],
    "base-commit-meta": { "ostree.linux": "6.2.9-300.fc38.x86_64", "ostree.bootable": true },
    "layered-commit-meta": { "rpmostree.clientlayer": true, "rpmostree.clientlayer_version": 6 },
    packages,
    osname: "fedora",
    pinned: false,
    unlocked: "none",
    "base-checksum": "7f13707d7180ddf167cf796fee7e1d3238fc20517a6cc3aa03108eb2d325a467",
    id: `fedora-${String(checksum)}.0`,
    origin: "fedora:fedora/38/x86_64/silverblue",
    serial: 0,
    checksum,
    staged: role === "staged",
    booted: role === "booted",
  })),
  transaction: null,
  "cached-update": null,
  "update-driver": null,
};

/** Silverblue 33 with a package replaced by a file; what replaced it is told once more, resolved. */
export const replacedPackages = {
  deployments: [
    {
      "requested-local-packages": [],
      "base-removals": [],
      unlocked: "none",
      pinned: false,
      osname: "fedora-silverblue",
      origin: "fedora/33/x86_64/silverblue",
      "requested-base-local-replacements": [
        "rpm-ostree-2021.1-2.fc33.x86_64",
        "rpm-ostree-libs-2021.1-2.fc33.x86_64",
      ],
      checksum: "775d54e89bc74731ec27db04f12510c0269c8cbab3ad5e39e0a4d693231ef072",
      "regenerate-initramfs": false,
      id: "fedora-silverblue-775d54e89bc74731ec27db04f12510c0269c8cbab3ad5e39e0a4d693231ef072.0",
      "requested-base-removals": [],
      "requested-packages": ["xsel", "gdb"],
      serial: 0,
      "base-local-replacements": [
        [
          ["rpm-ostree-2021.1-2.fc33.x86_64", "rpm-ostree", 0, "2021.1", "2.fc33", "x86_64"],
          ["rpm-ostree-2020.10-1.fc33.x86_64", "rpm-ostree", 0, "2020.10", "1.fc33", "x86_64"],
        ],
      ],
      booted: true,
      "initramfs-etc": [],
    },
  ],
  transaction: null,
  "cached-update": null,
};

/** RHEL CoreOS 4.12: one image by its digest. */
export const openshiftNode = {
  deployments: [
    {
      ...nothingLayered,
      "base-commit-meta": {
        "ostree.manifest-digest": "sha256:90780b08939d913d9cfc5565eecdd12055dd57301b2109985e149830a92ed6b1",
        "ostree.importer.version": "0.8.7",
      },
      unlocked: "none",
      booted: true,
      "requested-modules-enabled": [],
      id: "rhcos-40948b845a13349cb0d57400eebdcfdf72bb8521636a1f067fb22d92b0b73b41.0",
      osname: "rhcos",
      pinned: false,
      "container-image-reference":
        "ostree-unverified-registry:quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:90780b08939d913d9cfc5565eecdd12055dd57301b2109985e149830a92ed6b1",
      checksum: "40948b845a13349cb0d57400eebdcfdf72bb8521636a1f067fb22d92b0b73b41",
      "requested-modules": [],
      serial: 0,
      timestamp: 1674005544,
      staged: false,
      modules: [],
      "container-image-reference-digest":
        "sha256:90780b08939d913d9cfc5565eecdd12055dd57301b2109985e149830a92ed6b1",
    },
  ],
  transaction: null,
  "cached-update": null,
  "update-driver": null,
};
