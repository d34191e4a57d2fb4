import { inspections } from "../../../provider/image/inspections";
import {
  base,
  folder,
  initramfs,
  labels,
  listing,
  modules,
  owner,
  resultOf,
  topLevel,
  type Case,
} from "../support/image-inspections";
import { config, labKernel } from "../support/image-looks";

const failing: [string, string, Case, string][] = [
  [
    "single-kernel",
    "no kernel",
    { evidence: { kernelFolders: [folder(labKernel, "none")] } },
    "no kernel at all",
  ],
  [
    "single-kernel",
    "two kernels",
    { evidence: { kernelFolders: [folder("6.1.0-50"), folder(labKernel)] } },
    `6.1.0-50, ${labKernel}`,
  ],
  [
    "single-kernel",
    "a link",
    { evidence: { kernelFolders: [folder(labKernel, "link")] } },
    `${labKernel} (a link)`,
  ],
  [
    "kernel-release",
    "a release without its dist tag",
    {
      wanted: { kernelRelease: "6.12.94-200" },
      evidence: { kernelFolders: [folder("6.12.94-200.fc42.x86_64")] },
    },
    "6.12.94-200.fc42.x86_64",
  ],
  ["kernel-package", "owned by nobody", { evidence: { kernelPackage: undefined } }, "no package owns it"],
  [
    "kernel-package",
    "of another kernel's package",
    { evidence: { kernelPackage: owner } },
    "kernel-core-6.12.94-200.fc42.x86_64, of kernel 6.12.94-200.fc42.x86_64",
  ],
  ["module-index", "an empty index", { evidence: { moduleIndexBytes: 0 } }, "none, or an empty one"],
  ["kernel-checksum", "a path of /boot", { evidence: { hmac: "abc  /boot/vmlinuz-6" } }, "/boot/vmlinuz-6"],
  ["kernel-checksum", "half a line", { evidence: { hmac: "abc" } }, "no name in it"],
  [
    "extra-modules",
    "built for another kernel",
    { evidence: { extraModules: [{ path: "extra/a.ko", vermagic: "6.1.0 SMP mod_unload" }] } },
    "extra/a.ko for 6.1.0",
  ],
  [
    "extra-modules",
    "lent, without versions of symbols",
    { evidence: { extraModules: [{ path: "weak-updates/a.ko", vermagic: "6.1.0 SMP" }] } },
    "weak-updates/a.ko for 6.1.0",
  ],
  ["initramfs", "a link", { evidence: initramfs({ kind: "symbolic link" }) }, "a symbolic link"],
  ["initramfs", "much smaller than the base's", { evidence: initramfs({ sizeBytes: 9_000_000 }) }, "8.6 MiB"],
  [
    "initramfs",
    "small, where the base has none",
    { base: { initramfs: undefined }, evidence: initramfs({ sizeBytes: 9_000_000 }) },
    "8.6 MiB",
  ],
  [
    "initramfs",
    "tiny, whatever the base has",
    {
      base: { initramfs: { ...base.initramfs!, sizeBytes: 1000 } },
      evidence: initramfs({ sizeBytes: 1_000_000 }),
    },
    "976.6 KiB",
  ],
  [
    "initramfs-new",
    "copied from the base",
    { evidence: initramfs({ sha256: base.initramfs!.sha256 }) },
    "the base's own, byte by byte, of 6.1.0-50-cloud-amd64",
  ],
  [
    "initramfs-readable",
    "lsinitrd did not end",
    { evidence: listing({ exitCode: 124 }) },
    "exit code 124: nothing in it",
  ],
  [
    "initramfs-readable",
    "lsinitrd was killed",
    { evidence: listing({ exitCode: 137 }) },
    "exit code 137: nothing in it",
  ],
  [
    "initramfs-readable",
    "no unpacker any more",
    { evidence: listing({ errors: "lsinitrd: line 9: xz: command not found", dracutModules: [] }) },
    "lsinitrd: lsinitrd: line 9: xz: command not found",
  ],
  [
    "initramfs-readable",
    "no lsinitrd any more",
    { evidence: initramfs({ hasLsinitrd: false, listing: undefined }) },
    "the image has no lsinitrd",
  ],
  [
    "initramfs-readable",
    "an unpacker that is missing, and damage, in a base that could not be listed either",
    {
      base: { initramfs: undefined },
      evidence: listing({ errors: "cpio: premature end of file; xz: command not found" }),
    },
    "exit code 0: cpio: premature end of file; xz: command not found",
  ],
  [
    "initramfs-no-hostonly",
    "for the builder after all",
    { evidence: listing({ arguments: "--no-hostonly --kver '6.1' -v -H -f" }) },
    "dracut --no-hostonly --kver '6.1' -v -H -f",
  ],
  [
    "initramfs-no-hostonly",
    "made by somebody else",
    { evidence: listing({ arguments: "-f --kver '6.1 --no-hostonly'" }) },
    "dracut -f --kver '6.1 --no-hostonly'",
  ],
  [
    "initramfs-kernel",
    "of another kernel",
    { evidence: listing({ kernelReleases: ["6.1.0-50"] }) },
    "6.1.0-50",
  ],
  [
    "initramfs-kernel",
    "of two",
    { evidence: listing({ kernelReleases: ["6.1.0-50", labKernel] }) },
    `6.1.0-50, ${labKernel}`,
  ],
  [
    "initramfs-kernel",
    "of its own and another",
    { evidence: listing({ kernelReleases: [labKernel, "7.0.0"] }) },
    `${labKernel}, 7.0.0`,
  ],
  ["initramfs-kernel", "of none", { evidence: listing({ kernelReleases: [] }) }, "no kernel modules"],
  [
    "initramfs-ostree",
    "without the module",
    { evidence: listing({ dracutModules: modules.filter((name) => name !== "ostree") }) },
    "without ostree",
  ],
  [
    "initramfs-ostree",
    "without its program",
    { evidence: listing({ hasPrepareRoot: false }) },
    "without ostree-prepare-root",
  ],
  [
    "initramfs-ostree",
    "without what Fedora CoreOS needs",
    {
      base: { osRelease: { id: "fedora", versionId: "42", name: "Fedora CoreOS 42" }, initramfs: undefined },
    },
    "without ignition, coreos-kernel",
  ],
  [
    "initramfs-ostree",
    "without what a Fedora CoreOS has that is its base",
    {
      base: {
        osRelease: { id: "fedora", versionId: "42", name: "Fedora CoreOS 42" },
        initramfs: { ...base.initramfs!, dracutModules: ["ostree", "ignition"] },
      },
    },
    "without ignition",
  ],
  [
    "initramfs-modules",
    "one module lost",
    { evidence: listing({ dracutModules: modules.filter((name) => name !== "virtiofs") }) },
    "without virtiofs",
  ],
  ["boot-empty", "a file in /boot", { evidence: { bootContent: ["/boot/x"] } }, "/boot/x"],
  [
    "dropped-content",
    "a folder beside /usr",
    { evidence: { topLevel: topLevel("data", "folder", "3") } },
    "/data is new",
  ],
  ["dropped-content", "a file beside /usr", { evidence: { topLevel: topLevel("x", "file") } }, "/x is new"],
  [
    "dropped-content",
    "a real /opt",
    { evidence: { topLevel: topLevel("opt", "folder", "1") } },
    "/opt is a folder, and was a link to var/opt",
  ],
  [
    "dropped-content",
    "another /home",
    { evidence: { topLevel: topLevel("home", "link", "usr/home") } },
    "/home leads to usr/home, and led to var/home",
  ],
  [
    "dropped-content",
    "more in the base's own folder",
    {
      base: { topLevel: topLevel("opt", "folder", "2") },
      evidence: { topLevel: topLevel("opt", "folder", "5") },
    },
    "/opt has 5 files and folders, and had 2",
  ],
  [
    "dropped-content",
    "behind the link /opt",
    { evidence: { topLevel: topLevel("var/opt", "folder", "3") } },
    "/var/opt has 3 files and folders, and had 0",
  ],
  [
    "dropped-content",
    "in the folder of the machine's own root",
    {
      base: { topLevel: topLevel("sysroot", "folder", "1") },
      evidence: { topLevel: topLevel("sysroot", "folder", "2") },
    },
    "/sysroot has 2 files and folders, and had 1",
  ],
  [
    "system-tools",
    "a wrapper left",
    { evidence: { savedTools: ["/usr/bin/x.rpmostreesave"] } },
    "/usr/bin/x.rpmostreesave",
  ],
  [
    "bootable-label",
    "neither label",
    { evidence: { config: config({ labels: { "ostree.linux": labKernel } }) } },
    "neither",
  ],
  ["kernel-label", "the base's", { evidence: labels({ "ostree.linux": "6.1.0-50" }) }, "6.1.0-50"],
  ["kernel-label", "none", { evidence: { config: config({ labels: {} }) } }, "none"],
  [
    "architecture",
    "of the image",
    { evidence: { config: config({ architecture: "arm64" }) } },
    "image aarch64, kernel x86_64",
  ],
  ["architecture", "of all but the platform", { wanted: { architecture: "aarch64" } }, "x86_64"],
  [
    "architecture",
    "of the kernel",
    { evidence: { kernelPackage: { ...owner, versionReleaseArch: "6-1.aarch64" } } },
    "image x86_64, kernel aarch64",
  ],
  [
    "bootc-lint",
    "an error",
    { evidence: { lint: { exitCode: 1, output: "Lint error: kernel: two\nChecks passed: 9" } } },
    "Lint error: kernel: two",
  ],
  [
    "bootc-lint",
    "an error that the base does not have",
    {
      base: { lint: { exitCode: 1, output: "Lint error: sysusers: a" } },
      evidence: { lint: { exitCode: 1, output: "Lint error: sysusers: a\nLint error: kernel: two" } },
    },
    "Lint error: kernel: two",
  ],
  [
    "bootc-lint",
    "an exit code, where the base's was cut off",
    { base: { lint: { exitCode: 137, output: "" } }, evidence: { lint: { exitCode: 1, output: "" } } },
    "exit code 1",
  ],
  ["bootc-lint", "no word", { evidence: { lint: { exitCode: 2, output: "" } } }, "exit code 2"],
];

test.each(failing)("%s fails: %s", (name, _, given, seen) => {
  expect(resultOf(given, name)).toEqual({
    name,
    verdict: "failed",
    seen,
    expected: expect.stringMatching(/./),
    fix: expect.stringMatching(/./),
  });
});

test("each of them fails in some case", () => {
  expect([...new Set(failing.map(([name]) => name))].sort()).toEqual(
    inspections.map(({ name }) => name).sort(),
  );
});
