import { inspectionError, inspections, verdictOf } from "../../../provider/image/inspections";
import {
  base,
  folder,
  initramfs,
  inspect,
  labels,
  listing,
  modules,
  namesOf,
  owner,
  resultOf,
  topLevel,
  type Case,
} from "../support/image-inspections";
import { config, labKernel } from "../support/image-looks";

test("the good image of the lab passes; only bootc is not there to be asked", () => {
  const results = inspect({});
  expect(namesOf(results, "failed")).toEqual([]);
  expect(namesOf(results, "unchecked")).toEqual(["bootc-lint"]);
  expect(verdictOf(results)).toBe("ok");
});

test("names are unique, for outputs and errors carry them", () => {
  const names = inspections.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

/** Images of the lab, spoiled on purpose and looked at for real. */
test.each([
  ["lab-no-initramfs", ["initramfs"]],
  ["lab-empty-initramfs", ["initramfs"]],
  ["lab-random-initramfs", ["initramfs-readable"]],
  ["lab-cut-initramfs", ["initramfs-readable"]],
  [
    "lab-no-lsinitrd",
    [
      "initramfs-readable",
      "initramfs-no-hostonly",
      "initramfs-kernel",
      "initramfs-ostree",
      "initramfs-modules",
    ],
  ],
  [
    "lab-spoiled",
    ["single-kernel", "kernel-checksum", "extra-modules", "boot-empty", "dropped-content", "system-tools"],
  ],
])("recorded: %s fails %j", (image, names) => {
  expect(namesOf(inspect({ image }), "failed")).toEqual(names);
});

test("an initramfs that cannot be listed is not judged by what nobody saw", () => {
  const inside = ["initramfs-no-hostonly", "initramfs-kernel", "initramfs-ostree", "initramfs-modules"];
  expect(namesOf(inspect({ image: "lab-random-initramfs" }), "unchecked")).toEqual([...inside, "bootc-lint"]);
  const notListed = { ...base.initramfs!, dracutModules: [] };
  for (const initramfs of [notListed, undefined]) {
    const given = { image: "lab-no-lsinitrd", base: { initramfs } };
    expect(namesOf(inspect(given), "unchecked")).toEqual(["initramfs-readable", ...inside, "bootc-lint"]);
  }
});

const passing: [string, string, Case, string][] = [
  [
    "single-kernel",
    "a folder of modules without a kernel",
    { evidence: { kernelFolders: [folder("6.1.0-50", "none"), folder(labKernel)] } },
    labKernel,
  ],
  [
    "kernel-package",
    "by version, release and architecture, where nothing else is said",
    { wanted: { kernelRelease: owner.versionReleaseArch }, evidence: { kernelPackage: owner } },
    "kernel-core-6.12.94-200.fc42.x86_64",
  ],
  ["kernel-checksum", "a name beside it", { evidence: { hmac: "abc  vmlinuz-6" } }, "for vmlinuz-6"],
  [
    "extra-modules",
    "lent ones, with versions of symbols",
    {
      evidence: {
        extraModules: [
          { path: "weak-updates/a.ko", vermagic: "6.1.0 SMP modversions" },
          { path: "extra/b.ko", vermagic: `${labKernel} SMP` },
        ],
      },
    },
    "2 of this kernel",
  ],
  [
    "initramfs-new",
    "the same bytes for the same kernel",
    {
      base: { kernelReleases: [labKernel] },
      evidence: initramfs({ sha256: base.initramfs!.sha256 }),
    },
    "the base's, and of the same kernel",
  ],
  [
    "initramfs-ostree",
    "a base that is called CoreOS, without its modules",
    { base: { osRelease: { id: "x", versionId: "", name: "Lab CoreOS" } } },
    "ostree",
  ],
  [
    "initramfs-no-hostonly",
    "the word in another option's value",
    { evidence: listing({ arguments: "--hostonly --no-hostonly --install '/a --hostonly' -f" }) },
    "--no-hostonly",
  ],
  [
    "initramfs-modules",
    "one that the program leaves out",
    {
      wanted: { omitModules: ["virtiofs"] },
      evidence: listing({ dracutModules: modules.filter((name) => name !== "virtiofs") }),
    },
    "20, the base has 21; left out as declared: virtiofs",
  ],
  [
    "dropped-content",
    "what the container's tool puts into /run",
    { base: { topLevel: base.topLevel.filter(({ name }) => name !== "run") } },
    "nothing beside /usr, /etc and /var, nor where links lead into /var",
  ],
  [
    "dropped-content",
    "folders in /var that are empty, or not fuller than the base's",
    {
      base: { topLevel: [...base.topLevel, { name: "var/home", kind: "folder", detail: "3" }] },
      evidence: {
        topLevel: [...topLevel("var/opt", "folder", "0"), { name: "var/home", kind: "folder", detail: "2" }],
      },
    },
    "nothing beside /usr, /etc and /var, nor where links lead into /var",
  ],
  [
    "bootable-label",
    "one of them",
    { evidence: { config: config({ labels: { "ostree.bootable": "1" } }) } },
    "ostree.bootable=1",
  ],
  ["architecture", "the base's, where no platform is named", { wanted: { architecture: "" } }, "x86_64"],
  ["bootc-lint", "passed", { evidence: { lint: { exitCode: 0, output: "Checks passed: 12" } } }, "passed"],
  [
    "bootc-lint",
    "passed with a warning, which is told",
    { evidence: { lint: { exitCode: 0, output: "Lint warning: var-log: x\nChecks passed: 11" } } },
    "passed; Lint warning: var-log: x",
  ],
];

test.each(passing)("%s is fine: %s", (name, _, given, seen) =>
  expect(resultOf(given, name)).toEqual({ name, verdict: "ok", seen }),
);

test.each<[string, string, Case, string]>([
  [
    "kernel-package",
    "no rpm",
    { evidence: { hasRpm: false, kernelPackage: undefined } },
    "the image has no rpm",
  ],
  [
    "extra-modules",
    "no modinfo",
    { evidence: { hasModinfo: false, extraModules: [{ path: "extra/a.ko", vermagic: "" }] } },
    "the image has no modinfo",
  ],
  ["initramfs-new", "no initramfs", { image: "lab-no-initramfs" }, "there is no initramfs"],
  [
    "initramfs-readable",
    "no program to unpack it",
    {
      base: { initramfs: { ...base.initramfs!, dracutModules: [] } },
      evidence: listing({
        errors: "Need 'zstd' to unpack the initramfs.",
        dracutModules: [],
        kernelReleases: [],
      }),
    },
    "lsinitrd: Need 'zstd' to unpack the initramfs.",
  ],
  [
    "initramfs-modules",
    "a base that could not be listed",
    { base: { initramfs: { ...base.initramfs!, dracutModules: [] } } },
    "the base's initramfs could not be listed",
  ],
  [
    "bootc-lint",
    "a bootc that has none",
    { evidence: { lint: { exitCode: 2, output: "error: unrecognized subcommand 'lint'" } } },
    "this bootc cannot: error: unrecognized subcommand 'lint'",
  ],
  [
    "bootc-lint",
    "a base that does not pass either, for the same reasons",
    {
      base: { lint: { exitCode: 1, output: "Lint error: sysusers: a" } },
      evidence: { lint: { exitCode: 1, output: "Lint error: sysusers: a\nWarnings: 1\nChecks passed: 9" } },
    },
    "the base itself does not pass: Lint error: sysusers: a",
  ],
  [
    "bootc-lint",
    "no end",
    { evidence: { lint: { exitCode: 124, output: "" } } },
    "it did not come to its end: exit code 124",
  ],
  [
    "bootc-lint",
    "killed",
    { evidence: { lint: { exitCode: 137, output: "Lint warning: x" } } },
    "it did not come to its end: exit code 137",
  ],
  [
    "initramfs-no-hostonly",
    "no record",
    { evidence: listing({ arguments: "" }) },
    "dracut did not record its arguments",
  ],
])("%s cannot check: %s", (name, _, given, seen) =>
  expect(resultOf(given, name)).toEqual({ name, verdict: "unchecked", seen }),
);

describe("the error", () => {
  test("of one failure says it as it is", () => {
    expect(inspectionError(inspect({ image: "lab-no-initramfs" })).text()).toBe(
      `the image failed 1 of 20 inspections (initramfs); nothing was pushed [inspection-failed]
  expected: /usr/lib/modules/${labKernel}/initramfs.img, a regular file of at least 9.3 MiB (half of the base's)
  seen:     none
  next:     dracut ended without an error and without its work: look into the log of the build for dracut's own messages`,
    );
  });

  test("of several names each", () => {
    const results = inspect({ evidence: { ...labels({ "ostree.linux": "6.1" }), bootContent: ["/boot/x"] } });
    expect(verdictOf(results)).toBe("failed");
    const text = inspectionError(results).text();
    expect(text).toContain("2 of 20 inspections (boot-empty, kernel-label)");
    expect(text).toContain(
      `  expected: boot-empty: nothing in /boot\n            kernel-label: the label ostree.linux=${labKernel}\n`,
    );
    expect(text).toContain("  seen:     boot-empty: /boot/x\n            kernel-label: 6.1\n");
  });
});
