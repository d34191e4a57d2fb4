import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oldDigest } from "../support/image-builders";
import { labKernel } from "../support/image-looks";
import { failureOf } from "../support/fake-shell";
import { pushedDigest } from "../support/builder-stand-in";
import { hashOf, workshop, type Workshop } from "../support/image-workshop";

jest.setTimeout(120_000);
const key =
  "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nZm9v\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
let shop: Workshop;

beforeEach(() => (shop = workshop()));
afterEach(() => {
  const leftovers = shop.leftovers();
  shop.close();
  // Whatever happened, nothing of a build stays.
  expect(leftovers).toEqual([]);
});

describe("an image", () => {
  test("is built, inspected, pushed, read back and tagged", async () => {
    const image = await shop.build();
    expect(image).toMatchObject({
      digest: pushedDigest,
      reference: `registry.example.org/fcos/web@${pushedDigest}`,
      kernelRelease: labKernel,
      sizeBytes: 6_004,
      tags: ["live", image.ownTag],
    });
    expect(image.ownTag).toMatch(/^6\.12\.107-deb13-cloud-amd64-[0-9a-f]{12}$/);
    expect(image.initramfs.dracutModules).toContain("ostree");
    expect(image.containerfile).toContain(`FROM quay.io/fedora/fedora-coreos@${oldDigest}\n`);
    expect(image.inspections.map(({ verdict }) => verdict)).not.toContain("failed");
    expect(shop.registry.tags).toEqual(new Map([["live", pushedDigest]]));
    expect(shop.shown.filter((line) => line.startsWith("["))).toEqual([
      "[1/7] ask the registry",
      "[2/7] fetch RPMs",
      "[3/7] reach the builder",
      "[4/7] look into the base",
      "[5/7] build",
      "[6/7] inspect",
      "[7/7] push",
    ]);
  });

  test("gets its RPMs and files as the Containerfile names them", async () => {
    const source = join(shop.builder.folder, "big file");
    writeFileSync(source, "from a file");
    const files = { "/etc/b": { source }, "/etc/a": { content: "it's $HOME\\n\n" } };
    await shop.build({ files, __fileHashes: { "/etc/b": hashOf("from a file") } });
    const seen = (name: string): string => readFileSync(join(shop.builder.folder, "seen", name), "utf8");
    expect(readdirSync(join(shop.builder.folder, "seen/rpms"))).toEqual(
      ["kernel", "kernel-core", "kernel-modules"].map((name) => `${name}-6.12.9-200.fc41.x86_64.rpm`),
    );
    expect(seen("Containerfile")).toContain('COPY --chmod=0644 ["files/0", "/etc/a"]');
    expect(seen("files/0")).toBe("it's $HOME\\n\n");
    expect(seen("files/1")).toBe("from a file");
  });

  test("its registry's password is in no command, and in a private file while it is needed alone", async () => {
    shop.builder.on("push", 'file=${2#--authfile=}; stat -c %a "$file" > $home/mode; cp "$file" $home/auth');
    shop.builder.on("look", "ls /dev/shm/immutable-os-*/ >> $home/at-other-times 2>/dev/null");
    // Of the base's registry, too: a login is there before the first look.
    const base = { reference: "quay.io/fedora/fedora-coreos:stable", digest: oldDigest };
    await shop.build({ base: { ...base, username: "lab", password: "hunter3" } });
    expect(shop.builder.calls().join()).not.toContain("hunter");
    expect(JSON.parse(readFileSync(join(shop.builder.folder, "auth"), "utf8"))).toEqual({
      auths: { "registry.example.org": { auth: Buffer.from("lab:hunter2").toString("base64") } },
    });
    expect(readFileSync(join(shop.builder.folder, "mode"), "utf8")).toBe("600\n");
    expect(readFileSync(join(shop.builder.folder, "at-other-times"), "utf8")).not.toContain("auth.json");
  });

  test("is built with the isolation of chroot where the usual one runs nothing", async () => {
    shop.builder.on(
      "look",
      'case $* in *--isolation=chroot*) ;; *) echo "crun: no cgroups" >&2; exit 1 ;; esac',
    );
    await shop.build();
    expect(shop.called("build").at(-1)).toContain("--isolation=chroot");
    expect(shop.shown).toContain("log: no container runs by default: crun: no cgroups");
  });

  test("is signed where that is asked for, before any tag that machines may follow", async () => {
    playCosign("");
    shop.registry.tags.set(`${pushedDigest.replace(":", "-")}.sig`, oldDigest);
    const image = await shop.build({ sign: { privateKey: key, password: "hunter2" } });
    expect(image.signature).toBe(oldDigest);
    expect(shop.shown.filter((line) => line.startsWith("[")).slice(-2)).toEqual(["[7/8] push", "[8/8] sign"]);
    expect(shop.called("cosign").at(-1)).toContain(`registry.example.org/fcos/web@${pushedDigest}`);
    expect(shop.builder.calls().join()).not.toContain("hunter2");
  });

  test("tells the warnings that nobody knows", async () => {
    shop.builder.on(
      "build",
      'echo "STEP 1/1: RUN x"; echo "warning: the moon is full"; cp -r context $home/seen; exit 0',
    );
    await shop.build();
    expect(shop.shown).toContain("warning: the build says: warning: the moon is full");
  });
});

describe("what fails after the push takes nothing of the image away", () => {
  const registry = { repository: "registry.example.org/fcos/web", tags: ["a", "b", "c"] };

  test("a tag: the image, and the tags that were set before", async () => {
    shop.registry.refusedTag = "b";
    const { image, error } = await shop.buildAll({ registry });
    expect(image).toMatchObject({ digest: pushedDigest, kernelRelease: labKernel });
    expect(image.tags).toEqual(["a", image.ownTag]);
    expect(error?.text()).toMatch(/^set tags: gone \[unreachable\]/);
  });

  test("the signature: nothing that machines follow stands for an unsigned image", async () => {
    playCosign("echo 'Error: no such key' >&2; exit 1");
    const { image, error } = await shop.buildAll({ registry, sign: { privateKey: key } });
    expect(image).toMatchObject({ digest: pushedDigest, signature: "", tags: [image.ownTag] });
    expect(error?.text()).toMatch(/^sign: .* was not signed \[push-failed\]/);
    expect(shop.registry.tags.size).toBe(0);
  });

  test("a tag of an image that is signed already", async () => {
    playCosign("");
    shop.registry.tags.set(`${pushedDigest.replace(":", "-")}.sig`, oldDigest);
    shop.registry.refusedTag = "a";
    const { image, error } = await shop.buildAll({ registry, sign: { privateKey: key } });
    expect(image).toMatchObject({ signature: oldDigest, tags: [image.ownTag] });
    expect(error?.code).toBe("unreachable");
  });
});

describe("a push is not believed", () => {
  test.each([
    ["the registry does not have the tag", () => (shop.registry.pushed = undefined)],
    ["the tag means another digest", () => (shop.registry.pushed = oldDigest)],
    ["it is another image than the inspected one", () => (shop.registry.config = `sha256:${"9".repeat(64)}`)],
  ])("when %s", async (_name, change) => {
    change();
    expect((await failureOf(() => shop.build())).code).toBe("push-failed");
    expect(shop.registry.tags.size).toBe(0);
  });

  test("when the tool gives no digest", async () => {
    shop.builder.on("push", "exit 0");
    expect((await failureOf(() => shop.build())).code).toBe("push-failed");
  });
});

function playCosign(script: string): void {
  const cosign = join(shop.builder.folder, "cosign");
  const calls = join(shop.builder.folder, "calls");
  writeFileSync(cosign, `#!/bin/sh\n# A stand-in for cosign.\necho "cosign $*" >> ${calls}\n${script}\n`);
  chmodSync(cosign, 0o755);
}
