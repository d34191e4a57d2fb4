import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalResult } from "../../../provider/core/shell";
import { isLocked, unlockedFlakes } from "../../../provider/nixos/kexec-flake";
import { kexecImage } from "../../../provider/nixos/kexec-image";
import { imageName } from "../../../provider/nixos/kexec-reference";
import { RecordedProgress } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const revision = "0123456789abcdef0123456789abcdef01234567";
const locked = `github:nix-community/nixos-images/${revision}#installer`;
const sha256 = createHash("sha256").update("bundle").digest("hex");

test.each([
  locked,
  `github:nix-community/nixos-images?rev=${revision}#installer`,
  `github:nix-community/nixos-images?ref=main&rev=${revision}#installer`,
  `git+https://example.org/images.git?rev=${revision}#installer`,
  "https://example.org/images.tar.gz?narHash=sha256-AAAA#installer",
  "./images#installer",
  "images#installer",
  "/srv/images#installer",
  "path:/srv/images#installer",
])("%s is locked", (reference) => expect(isLocked(reference)).toBe(true));

test.each([
  "github:nix-community/nixos-images#installer",
  "github:nix-community/nixos-images/main#installer",
  `github:nix-community/nixos-images/${revision}0#installer`,
  `github:nix-community/nixos-images?rev=${revision.slice(1)}#installer`,
  "git+https://example.org/images.git?ref=v1#installer",
  `https://example.org/${revision}.tar.gz#installer`,
  "./images",
])("%s is not", (reference) => {
  expect(isLocked(reference)).toBe(false);
  expect(unlockedFlakes([{ flake: locked }, { path: "x" }, { flake: reference }])).toEqual([reference]);
});

test.each<[string, Parameters<typeof imageName>[0]]>([
  ["./bundle.tar.gz", { path: "./bundle.tar.gz" }],
  ["https://example.org/b.tar.gz", { url: "https://example.org/b.tar.gz?signature=secret" }],
  ["git+https://example.org/i?rev=1#x", { flake: "git+https://token@example.org/i?rev=1#x" }],
])("what %s is called holds no secret", (name, reference) => expect(imageName(reference)).toBe(name));

describe("built", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kexec-flake-test-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const calls: string[][] = [];
  function build(flake: string, result: Partial<LocalResult> & { out?: string }, pinned?: string) {
    calls.splice(0);
    const { out, ...rest } = result;
    const stdout = JSON.stringify([{ drvPath: "/nix/store/x.drv", outputs: { out } }]);
    return kexecImage(
      { flake, sha256: pinned },
      {
        progress: new RecordedProgress(),
        runLocal: (program, args) => {
          calls.push([program, ...args]);
          return Promise.resolve({ exitCode: 0, stderr: "", stdout, ...rest });
        },
        nixArguments: ["--option", "cores", "1"],
        deadlineSeconds: 60,
      },
    );
  }
  const tarball = (name: string): string => {
    writeFileSync(join(folder, name), "bundle");
    return join(folder, name);
  };

  test("the output is the tarball", async () => {
    const path = tarball("bundle");
    await expect(build(locked, { out: path })).resolves.toEqual({ path, sha256, sizeBytes: 6 });
    expect(calls).toEqual([
      ["nix", "--option", "cores", "1", "build", "--json", "--no-link", "--no-update-lock-file", locked],
    ]);
  });

  test("the one tarball in the output, also behind a link; a folder of the program is a path", async () => {
    const path = tarball("nixos-kexec-installer-x86_64-linux.tar.gz");
    mkdirSync(join(folder, "nix-support"));
    symlinkSync(folder, `${folder}-link`);
    const image = await build("images#installer", { out: `${folder}-link` });
    rmSync(`${folder}-link`);
    expect(image).toMatchObject({ sha256, path: path.replace(folder, `${folder}-link`) });
    expect(calls[0]?.at(-1)).toBe("./images#installer");
  });

  test.each<[string, string[], RegExp]>([
    ["no tarball", [], /seen: +none/],
    ["two tarballs", ["a.tar.gz", "b.tar.gz"], /seen: +a\.tar\.gz, b\.tar\.gz/],
  ])("%s in the output", async (_, names, seen) => {
    names.forEach(tarball);
    const error = await failureOf(() => build(locked, { out: folder }));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toMatch(/^install\.kexec: /);
    expect(error.text()).toMatch(seen);
  });

  test("a reference without a revision is not even built", async () => {
    const error = await failureOf(() => build("github:nix-community/nixos-images#installer", {}));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toMatch(/install\.kexec: .* is not at a locked revision/);
    expect(calls).toEqual([]);
  });

  test("a folder whose flake.lock lacks something", async () => {
    const stderr =
      "error: flake requires lock file changes but they're not allowed due to '--no-update-lock-file'";
    const error = await failureOf(() => build("./images#installer", { exitCode: 1, stderr }));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toMatch(
      /not at a locked revision[\s\S]*flake\.lock that is missing or lacks an input/,
    );
  });

  test("a build that fails shows Nix's last words", async () => {
    const stderr = "building…\nerror: builder failed\n";
    const error = await failureOf(() => build(locked, { exitCode: 1, stderr }));
    expect(error).toMatchObject({ code: "build-failed", details: { seen: "error: builder failed" } });
  });

  test("the hash is checked as that of any other image", async () => {
    const error = await failureOf(() => build(locked, { out: tarball("bundle") }, "0".repeat(64)));
    expect(error.code).toBe("bad-input");
    expect(error.text()).toContain(`install.kexec.sha256 does not match ${locked}`);
  });
});
