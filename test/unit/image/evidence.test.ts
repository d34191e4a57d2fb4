import { spawnSync } from "node:child_process";
import { parseSections, text } from "../../../provider/host/probe";
import { evidenceScript, initramfsRecord, parseEvidence, wantedOf } from "../../../provider/image/evidence";
import { imageInputsOf } from "../support/image-builders";
import { config, evidenceOf, labKernel, lookAt, wanted } from "../support/image-looks";

test("a good image of the lab, recorded", () => {
  const evidence = evidenceOf();
  expect(evidence).toMatchObject({
    kernelFolders: [{ release: labKernel, kernel: "file" }],
    kernelPackage: {
      name: "kernel-core",
      versionReleaseArch: "6.12.107-1.x86_64",
      unameReleases: [labKernel],
    },
    hasRpm: true,
    moduleIndexBytes: 112808,
    bootContent: [],
    savedTools: [],
    hmac: "",
    extraModules: [],
    hasModinfo: true,
    lint: undefined,
  });
  expect(evidence.initramfs).toMatchObject({ kind: "regular file", sizeBytes: 20752291, hasLsinitrd: true });
  expect(evidence.initramfs.listing).toMatchObject({
    exitCode: 0,
    errors: "",
    arguments: `--no-hostonly --kver '${labKernel}' --reproducible -v --add 'ostree' -f`,
    kernelReleases: [labKernel],
    hasPrepareRoot: true,
  });
  expect(initramfsRecord(evidence, wanted())).toEqual({
    path: `/usr/lib/modules/${labKernel}/initramfs.img`,
    sizeBytes: 20752291,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    dracutModules: evidence.initramfs.listing?.dracutModules,
  });
});

test("of an initramfs that was cut off, what unpackers say is no module", () => {
  const { listing } = evidenceOf("lab-cut-initramfs").initramfs;
  expect(listing?.dracutModules.at(-1)).toBe("shutdown");
  expect(listing?.errors).toContain("cpio: premature end of file");
});

test("an empty one is a regular file of no bytes", () => {
  expect(evidenceOf("lab-empty-initramfs").initramfs).toMatchObject({ kind: "regular file", sizeBytes: 0 });
});

test("what programs and packages brought is listed", () => {
  const evidence = evidenceOf("lab-spoiled");
  expect(evidence.kernelFolders.map(({ release }) => release)).toEqual(["6.1.0-50-cloud-amd64", labKernel]);
  expect(evidence.bootContent).toEqual(["/boot/loader", "/boot/loader/entry.conf"]);
  expect(evidence.savedTools).toEqual(["/usr/bin/systemctl.rpmostreesave"]);
  expect(evidence.extraModules).toEqual([
    { path: "extra/broken.ko", vermagic: "" },
    { path: "extra/dummy.ko.xz", vermagic: `${labKernel} SMP preempt mod_unload modversions` },
  ]);
  expect(evidence.topLevel).toContainEqual({ name: "data", kind: "folder", detail: "1" });
});

test("bootc's lint: exit code first, then what it says", () => {
  const said = "@@begin bootc-lint\n1\nLint error: x\n\nChecks passed: 3\n\n@@end bootc-lint\n";
  const { lint } = parseEvidence(lookAt("lab-good").replace(/@@begin bootc-lint[^]*$/, said), config());
  expect(lint).toEqual({ exitCode: 1, output: "Lint error: x\nChecks passed: 3" });
});

test("a look that was cut off proves nothing, and is no failed inspection", () => {
  const half = lookAt("lab-good").replace(/@@begin top-level[^]*$/, "");
  expect(() => parseEvidence(half, config())).toThrow(
    "the look into the finished image did not come to its end",
  );
});

test("what is wanted comes from the inputs", () => {
  expect(wantedOf(imageInputsOf())).toEqual({
    kernelRelease: "6.12.94-200.fc42.x86_64",
    architecture: "",
    omitModules: [],
  });
  const inputs = imageInputsOf({ platform: "linux/arm64", dracut: { omitModules: ["plymouth"] } });
  expect(wantedOf(inputs)).toMatchObject({ architecture: "aarch64", omitModules: ["plymouth"] });
});

const shells = [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program]) => spawnSync(program as string, ["-c", "true"]).error === undefined || program === "sh",
);

test.each(shells.map((shell) => [shell.join(" "), shell] as const))(
  "the script runs in %s, from stdin, and ends well where nothing of it is there",
  (_, [program = "", ...options]) => {
    const script = evidenceScript(wanted({ kernelRelease: "no such 'kernel' $(exit 9)" }));
    const run = spawnSync(program, [...options, "-s"], { input: script, encoding: "utf8" });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
    const sections = parseSections(run.stdout);
    expect(text(sections, "initramfs")).toBe("");
    expect(text(sections, "lsinitrd")).toMatch(/^(none\n)?absent$/);
    expect(parseEvidence(run.stdout, config()).initramfs).toMatchObject({
      kind: "",
      sizeBytes: 0,
      listing: undefined,
    });
  },
);
