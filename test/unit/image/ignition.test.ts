import { ignitionConfig, type IgnitionConfig, type IgnitionOptions } from "../../../provider/image/ignition";
import { failureOf } from "../support/fake-shell";
import { Authority } from "./registry/authority";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const image = `quay.io:443/org/node@${digest}`;

const unit = `[Unit]
Description=Move this machine to its layered image
# Once: no later boot undoes a rollback, or another image.
ConditionPathExists=!/var/lib/%N.stamp
ConditionPathExists=!/run/ostree-live
Wants=network-online.target
After=network-online.target
# A reboot before this would run Ignition a second time. The second name is the older one.
After=coreos-ignition-firstboot-complete.service ignition-firstboot-complete.service
Before=zincati.service

[Service]
Type=oneshot
RemainAfterExit=yes
StandardOutput=journal+console
StandardError=journal+console
TimeoutStartSec=60min
Restart=on-failure
RestartSec=30
ExecStart=/usr/bin/rpm-ostree rebase --bypass-driver ostree-unverified-registry:${image}
ExecStart=/usr/bin/touch /var/lib/%N.stamp
ExecStart=/usr/bin/systemctl --no-block reboot

[Install]
WantedBy=multi-user.target
`;

test("the least document, field by field", () => {
  expect(ignitionConfig(image)).toEqual({
    ignition: { version: "3.4.0" },
    systemd: {
      units: [
        { name: "immutable-os-rebase.service", enabled: true, contents: unit },
        { name: "zincati.service", mask: true },
      ],
    },
  });
});

test("with a signature that must be there", () => {
  const { systemd } = ignitionConfig(`quay.io/org/node:tag@${digest}`, { signed: true });
  expect(JSON.stringify(systemd)).toContain(
    `rebase --bypass-driver ostree-image-signed:docker://quay.io/org/node@${digest}\\n`,
  );
});

/** What a file of the document will hold. */
function contentOf(config: IgnitionConfig, path: string): { mode: unknown; text: string } {
  const files = config.storage?.["files"] as { path: string; mode: number; contents: { source: string } }[];
  const { mode, contents } = files.find((file) => file.path === path) ?? {
    mode: 0,
    contents: { source: "" },
  };
  return { mode, text: Buffer.from(contents.source.replace("data:;base64,", ""), "base64").toString() };
}

test("what it takes to pull: the login for root alone, the authority for everybody", () => {
  const authority = new Authority();
  const certificateAuthority = authority.pem;
  authority.remove();
  const registry = { username: "puller", password: "päss:word", certificateAuthority };
  const config = ignitionConfig(image, { registry });
  const login = contentOf(config, "/etc/ostree/auth.json");
  expect(login.mode).toBe(0o600);
  expect(JSON.parse(login.text)).toEqual({
    auths: { "quay.io:443": { auth: Buffer.from("puller:päss:word").toString("base64") } },
  });
  expect(contentOf(config, "/etc/containers/certs.d/quay.io:443/ca.crt")).toEqual({
    mode: 0o644,
    text: certificateAuthority,
  });
});

const given = {
  ignition: { version: "3.3.0", security: { tls: {} } },
  passwd: { users: [{ name: "core", sshAuthorizedKeys: ["ssh-ed25519 AAAA"] }] },
  storage: { directories: [{ path: "/etc/x" }], files: [{ path: "/etc/hostname" }] },
  systemd: { units: [{ name: "own.service", enabled: true }] },
  kernelArguments: { shouldExist: ["panic=10"] },
};

test.each<[string, object | string]>([
  ["an object", given],
  ["Butane's output", JSON.stringify(given)],
])("into a given document, %s: all that it holds stays", (_, merge) => {
  const registry = { username: "puller", password: "secret" };
  const config = ignitionConfig(image, { registry, merge });
  expect(config).toMatchObject({
    ignition: given.ignition,
    passwd: given.passwd,
    kernelArguments: given.kernelArguments,
    storage: { directories: given.storage.directories },
  });
  const names = (list: unknown, key: string): unknown[] =>
    (list as Record<string, unknown>[]).map((each) => each[key]);
  expect(names(config.storage?.["files"], "path")).toEqual(["/etc/hostname", "/etc/ostree/auth.json"]);
  expect(names(config.systemd?.["units"], "name")).toEqual([
    "own.service",
    "immutable-os-rebase.service",
    "zincati.service",
  ]);
  expect(given.storage.files).toHaveLength(1);
});

test("whoever has own plans with Zincati keeps them", () => {
  const units = [{ name: "zincati.service", enabled: false }];
  const config = ignitionConfig(image, { merge: { ignition: { version: "3.0.0" }, systemd: { units } } });
  expect(config.systemd?.["units"]).toMatchObject([
    units[0] as object,
    { name: "immutable-os-rebase.service" },
  ]);
});

const login = { username: "a", password: "b" };
const withPart = (part: object): IgnitionOptions => ({
  registry: login,
  merge: { ignition: { version: "3.4.0" }, ...part },
});

test.each<[string, IgnitionOptions, RegExp]>([
  ["no JSON", { merge: "variant: fcos" }, /^merge: must be an Ignition document, .*butane/],
  ["no document", { merge: [] }, /^merge: must be an Ignition document/],
  ["no version", { merge: { ignition: {} } }, /^merge\.ignition\.version: /],
  [
    "an old version",
    { merge: { ignition: { version: "2.3.0" } } },
    /^merge\.ignition\.version: must be a version of/,
  ],
  [
    "a preview version",
    { merge: { ignition: { version: "3.6.0-experimental" } } },
    /^merge\.ignition\.version: /,
  ],
  [
    "a replacement",
    { merge: { ignition: { version: "3.4.0", config: { replace: { source: "https://x/" } } } } },
    /^merge\.ignition\.config\.replace: /,
  ],
  ["files that are no list", withPart({ storage: { files: {} } }), /^merge\.storage\.files: must be a list/],
  ["units that are none", withPart({ systemd: { units: ["a"] } }), /^merge\.systemd\.units: must be a list/],
  ["storage that is no object", withPart({ storage: [] }), /^merge\.storage: must be an object/],
  [
    "our unit",
    withPart({ systemd: { units: [{ name: "immutable-os-rebase.service" }] } }),
    /^merge\.systemd: must leave immutable/,
  ],
  [
    "our file",
    withPart({ storage: { files: [{ path: "/etc/ostree/auth.json" }] } }),
    /^merge\.storage: must leave \/etc\/ostree/,
  ],
  [
    "a link in its place",
    withPart({ storage: { links: [{ path: "/etc/ostree/auth.json" }] } }),
    /^merge\.storage: /,
  ],
  ["a user without a password", { registry: { username: "a" } }, /^registry\.password: must be given/],
  ["a password without a user", { registry: { password: "b" } }, /^registry\.username: must be given/],
  ["a user with a colon", { registry: { username: "a:b", password: "b" } }, /^registry\.username: .*no ":"/],
  [
    "an authority that is a path",
    { registry: { certificateAuthority: "/etc/ca.crt" } },
    /^registry\.certificateAuthority: .*not the path/,
  ],
])("%s is refused", async (_, options, what) => {
  const error = await failureOf(() => ignitionConfig(image, options));
  expect([error.code, error.details.what]).toEqual(["bad-input", expect.stringMatching(what)]);
});

test("an image by its tag is refused: the machine would get what the tag says on that day", async () => {
  const error = await failureOf(() => ignitionConfig("quay.io/org/node:stable"));
  expect(error.text()).toMatch(/^image: must be .*@sha256:[\s\S]*seen: {5}quay\.io\/org\/node:stable/);
});
