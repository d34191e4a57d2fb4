import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../../../provider/core/errors";
import { failureOf } from "../support/fake-shell";
import { oldDigest } from "../support/image-builders";
import { labKernel, looksFolder } from "../support/image-looks";
import { hashOf, withoutCosign, workshop, type Workshop } from "../support/image-workshop";

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

describe("nothing is pushed", () => {
  afterEach(() => expect(shop.called("push")).toEqual([]));

  test("nor built, when the registry refuses the login", async () => {
    shop.registry.refusal = new HostError("login-refused", { what: "wrong password" });
    const error = await failureOf(() => shop.build());
    expect(error.text()).toContain("ask the registry: wrong password");
    expect(shop.builder.calls()).toEqual([]);
  });

  test("nor built, when the files are of another kernel than their first bytes said", async () => {
    const error = await failureOf(() => shop.build({ kernelRelease: "6.0" }));
    expect(error.details).toMatchObject({ expected: "6.0", seen: labKernel });
    expect(shop.builder.calls()).toEqual([]);
  });

  test("nor built, when it could not be signed", async () => {
    process.env["PATH"] = withoutCosign(shop.builder.folder);
    const error = await failureOf(() => shop.build({ sign: { privateKey: key } }));
    expect(error.details.what).toBe("sign: the build machine has no cosign");
    expect(shop.called("build")).toEqual([]);
  });

  test("when the base cannot be pulled", async () => {
    shop.builder.on("pull", "echo 'Error: reading manifest: manifest unknown' >&2; exit 125");
    const error = await failureOf(() => shop.build());
    expect(error.code).toBe("bad-input");
    expect(error.details.what).toContain(`base: quay.io/fedora/fedora-coreos@${oldDigest}`);
  });

  test("when no container runs", async () => {
    shop.builder.on("look", "echo 'crun: nothing works' >&2; exit 1");
    const error = await failureOf(() => shop.build());
    expect(error.code).toBe("build-failed");
    expect(error.details.seen).toContain("by default: crun: nothing works");
    expect(error.details.seen).toContain("with --isolation=chroot: crun: nothing works");
  });

  test("when a step fails: which one, and its own last words", async () => {
    shop.builder.on(
      "build",
      "echo 'STEP 2/3: RUN dracut -f'; echo 'dracut: no room' >&2; echo 'subprocess exited with status 3' >&2; exit 3",
    );
    const error = await failureOf(() => shop.build());
    expect(error.code).toBe("build-failed");
    expect(error.details.what).toBe("the build failed in step 2/3 (RUN dracut -f); nothing was pushed");
    expect(error.details.seen).toBe("exit code 3: dracut: no room");
  });

  test("when dracut does not end: its time limit is told", async () => {
    shop.builder.on(
      "build",
      "echo 'STEP 2/3: RUN timeout --kill-after=30 900 env X=1 /usr/bin/dracut -f'; exit 124",
    );
    expect((await failureOf(() => shop.build())).details.what).toContain(
      "dracut did not end within its time",
    );
  });

  test("when the whole build does not end", async () => {
    shop.builder.on("build", "echo 'STEP 1/3: RUN sleep'; sleep 600");
    const error = await failureOf(() => shop.build({ deadlines: { buildSeconds: 5 } }));
    expect(error.code).toBe("deadline-exceeded");
    expect(error.details.what).toContain("went into step 1/3 (RUN sleep)");
    expect(error.details.next).toContain("deadlines.buildSeconds");
  });

  test("when a log is longer than any connection takes: its end is still read", async () => {
    shop.builder.on(
      "build",
      "head -c 9000000 /dev/zero | tr '\\0' x | fold -w 100; echo; echo 'No space left on device'; exit 1",
    );
    expect((await failureOf(() => shop.build())).details.what).toContain("the builder has no space left");
  });

  test("when an inspection fails", async () => {
    shop.builder.on("look", `case $from in *-image) cat ${looksFolder}/lab-no-initramfs.txt; exit 0 ;; esac`);
    const error = await failureOf(() => shop.build());
    expect(error.code).toBe("inspection-failed");
    expect(error.details.what).toContain("initramfs");
  });

  describe("when what lies on the build machine is not what was hashed:", () => {
    afterEach(() => expect(shop.called("build").filter((call) => !call.includes("look/"))).toEqual([]));

    test("an RPM that was written to after that", async () => {
      shop.builder.on("look", "echo more >> $home/1.rpm");
      const error = await failureOf(() => shop.build());
      expect(error.code).toBe("copy-failed");
      expect(error.details.what).toMatch(/^kernel\.rpms\[1\]: what came to the build machine is not/);
    });

    test("a file that was changed on its way", async () => {
      const source = join(shop.builder.folder, "motd");
      writeFileSync(source, "now");
      standInForSha256sum("echo more >> context/files/0");
      const declared = { files: { "/etc/motd": { source } }, __fileHashes: { "/etc/motd": hashOf("now") } };
      const error = await failureOf(() => shop.build(declared));
      expect(error.code).toBe("copy-failed");
      expect(error.details).toMatchObject({ expected: hashOf("now"), seen: hashOf("nowmore\n") });
      expect(error.details.what).toContain('files["/etc/motd"].source: what came to the build machine');
    });

    test("where it cannot be hashed", async () => {
      standInForSha256sum("echo 'sha256sum: no memory' >&2; exit 1");
      expect((await failureOf(() => shop.build())).details.seen).toBe("sha256sum: no memory");
    });
  });

  test("when a file has changed since the program ran", async () => {
    const source = join(shop.builder.folder, "motd");
    writeFileSync(source, "now");
    const files = { "/etc/motd": { source } };
    const error = await failureOf(() =>
      shop.build({ files, __fileHashes: { "/etc/motd": hashOf("before") } }),
    );
    expect(error.details.what).toContain('files["/etc/motd"].source');
    expect(existsSync(join(shop.builder.folder, "seen"))).toBe(false);
  });
});

/** Something happens first on the build machine. */
function standInForSha256sum(first: string): void {
  const path = join(shop.builder.folder, "sha256sum");
  writeFileSync(path, `#!/bin/sh\n# A stand-in for sha256sum.\n${first}\nexec /usr/bin/sha256sum "$@"\n`);
  chmodSync(path, 0o755);
}
