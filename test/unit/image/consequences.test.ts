import { HostError } from "../../../provider/core/errors";
import { consequences, requireRebuildConsent } from "../../../provider/image/consequences";
import type { ImageInputs } from "../../../provider/image/schema";
import { imageChanges } from "../../../provider/runtime/image-changes";
import { imageInputsOf, imageStateWith, newDigest, rpmHash } from "../support/image-builders";

const good = imageInputsOf();
const { base, kernel, registry } = good;
const rpm = { url: "https://example.org/kernel-core.rpm", sha256: rpmHash };

/** What changed, the inputs before, the inputs now, and the parts that are named for a build; none: nothing is built. */
const rows: [string, Partial<ImageInputs>, Partial<ImageInputs>, string][] = [
  ["the digest behind the base's tag", {}, { base: { ...base, digest: newDigest } }, "base"],
  [
    "the tag, which means the same digest",
    {},
    { base: { ...base, reference: `q.io/f/c@${base.digest}` } },
    "",
  ],
  ["the login at the base's registry", {}, { base: { ...base, username: "u", password: "p" } }, ""],
  ["another RPM", {}, { kernel: { rpms: [{ ...rpm, sha256: "2".repeat(64) }] } }, "kernel"],
  [
    "what an address gives, which is another file than the pinned one",
    {},
    { kernelRelease: "6.13.1-1.fc42.x86_64" },
    "kernel",
  ],
  ["a mirror", {}, { kernel: { rpms: [{ url: "https://mirror.example/k.rpm", sha256: rpmHash }] } }, ""],
  ["the same RPM from a file", {}, { kernel: { rpms: [{ path: "/k.rpm", sha256: rpmHash }] } }, ""],
  ["packages that go with the kernel", {}, { kernel: { ...kernel, remove: ["kernel"] } }, "kernel"],
  ["the release, said aloud", {}, { kernel: { ...kernel, release: good.kernelRelease } }, ""],
  ["a package", {}, { packages: { add: ["tmux"] } }, "packages"],
  ["no packages, written out", {}, { packages: { add: [], remove: [] } }, ""],
  ["the order of packages", { packages: { add: ["a", "b"] } }, { packages: { add: ["b", "a"] } }, ""],
  ["a file", {}, { files: { "/etc/motd": { content: "x" } } }, "files"],
  [
    "a file's content",
    { files: { "/etc/motd": { content: "x" } } },
    { files: { "/etc/motd": { content: "y" } } },
    "files",
  ],
  [
    "a file's mode",
    { files: { "/etc/motd": { content: "x" } } },
    { files: { "/etc/motd": { content: "x", mode: "0600" } } },
    "files",
  ],
  [
    "a file's mode, written out",
    { files: { "/etc/motd": { content: "x" } } },
    { files: { "/etc/motd": { content: "x", mode: "644" } } },
    "",
  ],
  [
    "what stands in a local file",
    { files: { "/etc/motd": { source: "motd" } }, __fileHashes: { "/etc/motd": "1" } },
    { files: { "/etc/motd": { source: "motd" } }, __fileHashes: { "/etc/motd": "2" } },
    "files",
  ],
  [
    "where a local file lies",
    { files: { "/etc/motd": { source: "motd" } }, __fileHashes: { "/etc/motd": "1" } },
    { files: { "/etc/motd": { source: "other" } }, __fileHashes: { "/etc/motd": "1" } },
    "",
  ],
  ["a step", {}, { run: ["true"] }, "run"],
  ["the order of steps", { run: ["a", "b"] }, { run: ["b", "a"] }, "run"],
  ["a dracut module", {}, { dracut: { addModules: ["lvm"] } }, "dracut"],
  ["a dracut argument", {}, { dracut: { extraArguments: ["--zstd"] } }, "dracut"],
  ["dracut's deadline", {}, { dracut: { timeoutSeconds: 60 } }, ""],
  ["the platform", {}, { platform: "linux/arm64" }, "platform"],
  ["a label", {}, { labels: { team: "a" } }, "labels"],
  ["the repository", {}, { registry: { ...registry, repository: "r.example/x" } }, "registry.repository"],
  ["a tag", {}, { registry: { ...registry, tags: ["live", "next"] } }, ""],
  ["the registry's password", {}, { registry: { ...registry, username: "u", password: "p" } }, ""],
  ["the builder", {}, { builder: { tool: "podman" } }, ""],
  ["the deadlines", {}, { deadlines: { buildSeconds: 5 } }, ""],
  ["consent", {}, { allowRebuild: true }, ""],
  ["what a destroy does", {}, { deleteOnDestroy: true }, ""],
];

test.each(rows)("%s", (_, before, now, parts) => {
  const state = imageStateWith({}, imageInputsOf(before));
  const { rebuild, lines } = consequences(state, imageInputsOf(now));
  expect(rebuild).toBe(parts !== "");
  expect(lines[0]).toMatch(
    parts === "" ? /^nothing is built: sha256:dddddddddddd stays what it is$/ : /BUILD of /,
  );
  if (parts !== "") expect(lines[0]?.startsWith(`${parts} changed; BUILD of `)).toBe(true);
  expect(lines.some((line) => line.includes("reboot"))).toBe(rebuild);
  // Asked for by the program: no consent is needed.
  expect(() =>
    requireRebuildConsent({ ...state, published: parts === "" }, imageInputsOf(now)),
  ).not.toThrow();
  // The engine compares the inputs itself, and shows each property that changed.
  expect(imageChanges(state, imageInputsOf(now))).toBeUndefined();
});

test("the same inputs are no change, and keys that this version does not know are none", () => {
  expect(imageChanges(imageStateWith(), imageInputsOf())).toBe(false);
  const later = { ...imageStateWith(), someday: 1, __other: 2 };
  expect(imageChanges(later, { ...imageInputsOf(), __urn: "another" })).toBe(false);
});

test("kernel and base are shown as steps", () => {
  const now = imageInputsOf({ base: { ...base, digest: newDigest }, kernelRelease: "6.13.1-1.fc42.x86_64" });
  expect(consequences(imageStateWith(), now).lines).toEqual([
    "base, kernel changed; BUILD of registry.example.org/fcos/web: kernel 6.12.94-200.fc42.x86_64 → 6.13.1-1.fc42.x86_64, on base sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb",
    "what follows this image's digest is moved to another one: its machines reboot",
  ]);
});

test.each<[string, ImageInputs["sign"], ImageInputs["sign"], string[]]>([
  [
    "a first one",
    undefined,
    { privateKeyPath: "a" },
    ["signed with the key that is declared now: the same digest"],
  ],
  [
    "another one",
    { privateKeyPath: "b" },
    { privateKeyPath: "a" },
    ["signed with the key that is declared now: the same digest"],
  ],
  [
    "none any more",
    { privateKeyPath: "a" },
    undefined,
    ["no longer signed: the signature that is there stays in the registry"],
  ],
  ["another password of the same one", { privateKeyPath: "a" }, { privateKeyPath: "a", password: "x" }, []],
])("a key for signing: %s", (_, before, sign, said) => {
  const signature = before === undefined ? "" : newDigest;
  const state = imageStateWith({ signature }, imageInputsOf({ sign: before }));
  const { rebuild, lines } = consequences(state, imageInputsOf({ sign }));
  expect([rebuild, lines.slice(1)]).toEqual([false, said]);
});

const signed = ["signed with the key that is declared now: the same digest"];

test("another key in the same file is another key: shown by the engine, as its hash", () => {
  const key = (hash: string) => imageInputsOf({ sign: { privateKeyPath: "a" }, __signKeyHash: hash });
  const state = imageStateWith({ signature: newDigest }, key("1"));
  expect(imageChanges(state, key("1"))).toBe(false);
  expect(consequences(state, key("2"))).toMatchObject({ rebuild: false });
  expect(consequences(state, key("2")).lines.slice(1)).toEqual(signed);
  expect(imageChanges(state, key("2"))).toBeUndefined();
});

test("what failed after a push is a change, although no input is: a signature, a tag", () => {
  const inputs = imageInputsOf({ sign: { privateKeyPath: "a" } });
  const unfinished = imageStateWith({ signature: "", tags: ["build-1"] }, inputs);
  expect(imageChanges(unfinished, inputs)).toBe(true);
  expect(consequences(unfinished, inputs).lines.slice(1)).toEqual([
    "set on the same digest: the tags live",
    ...signed,
  ]);
  expect(imageChanges({ ...unfinished, signature: newDigest }, inputs)).toBe(true);
  expect(imageChanges({ ...unfinished, signature: newDigest, tags: ["live", "build-1"] }, inputs)).toBe(
    false,
  );
});

test("tags: new ones are set, old ones are left", () => {
  const [before, now] = [
    ["live", "old"],
    ["live", "next"],
  ].map((tags) => imageInputsOf({ registry: { ...registry, tags } }));
  const state = imageStateWith({ tags: ["live", "old", "build-1"] }, before);
  expect(consequences(state, now as ImageInputs).lines.slice(1)).toEqual([
    "set on the same digest: the tags next",
    "no longer named, and left in the registry as they are: the tags old",
  ]);
});

describe("the registry lost the digest", () => {
  const state = imageStateWith({ published: false });
  const refusal = (news: ImageInputs): HostError | undefined => {
    try {
      requireRebuildConsent(state, news);
      return undefined;
    } catch (error) {
      return error as HostError;
    }
  };

  test("a rebuild that nobody asked for is refused, and says why and what to do", () => {
    const error = refusal(imageInputsOf());
    expect(error).toBeInstanceOf(HostError);
    expect(error?.code).toBe("rebuild-refused");
    expect(error?.text()).toMatch(/is not in the registry any more \[rebuild-refused\]/);
    expect(error?.text()).toMatch(/all machines .* would be moved/);
    expect(error?.text()).toMatch(/allowRebuild: true/);
    expect(error?.text()).toMatch(/pulumi refresh/);
  });

  test.each<[string, Partial<ImageInputs>]>([
    ["with consent", { allowRebuild: true }],
    ["with a change that needs a build anyway", { run: ["true"] }],
  ])("%s it is built", (_, now) => {
    expect(refusal(imageInputsOf(now))).toBeUndefined();
    expect(consequences(state, imageInputsOf(now)).rebuild).toBe(true);
    expect(imageChanges(state, imageInputsOf(now))).toBeUndefined();
  });

  test("what does not need a build does not get one by the back door", () => {
    expect(refusal(imageInputsOf({ registry: { ...registry, tags: ["next"] } }))?.code).toBe(
      "rebuild-refused",
    );
  });
});
