import { preflight, preflightProblems } from "../../../provider/nixos/phases/preflight";
import { kexec } from "../../../provider/nixos/phases/kexec";
import { specOf } from "../../../provider/nixos/spec";
import { Candidates } from "../../../provider/nixos/kexec-candidates";
import { imagesFor } from "../../../provider/nixos/kexec-reference";
import { HostError } from "../../../provider/core/errors";
import {
  contextOf,
  debianFacts,
  device,
  inputsOf,
  installerFacts,
  RecordedProgress,
} from "../support/builders";
import { failureOf } from "../support/fake-shell";
import type { NixosFacts } from "../../../provider/nixos/facts";

const x86 = { path: "x86.tar.gz", architecture: "x86_64" } as const;
const arm = { path: "arm.tar.gz", architecture: "aarch64" } as const;
const any = { path: "any.tar.gz" };

type Images = NonNullable<NonNullable<ReturnType<typeof inputsOf>["install"]>["kexec"]>;
const declaring = (images: Images) =>
  inputsOf({ install: { kexec: images, disks: [{ device }] }, __needs: { system: "", bootMode: "" } });
const problems = (images: Images, facts: Partial<NixosFacts> = {}) =>
  preflightProblems(specOf(declaring(images)), debianFacts(facts));

test.each([
  ["x86_64", [x86, any]],
  ["aarch64", [arm, any]],
  ["riscv64", [any]],
])("the images for %s, in their order", (architecture, expected) => {
  expect(imagesFor([x86, arm, any], architecture)).toEqual(expected);
});

test("an image for the machine is enough", () => {
  expect(problems([x86, arm], { architecture: "aarch64" })).toEqual([]);
  expect(problems(any, { architecture: "aarch64" })).toEqual([]);
});

test("no image for the machine: refused, and said which ones there are", () => {
  const expected = "an image of install.kexec for aarch64";
  expect(problems([x86, x86], { architecture: "aarch64" })).toEqual([
    { expected, seen: "x86.tar.gz for x86_64, x86.tar.gz for x86_64" },
  ]);
});

test("a flake that is not locked is refused before anything is built, unless it is for another machine", () => {
  const flake = "github:nix-community/nixos-images#installer";
  expect(problems([{ flake }])).toEqual([
    { expected: expect.stringMatching(/^install\.kexec/), seen: flake },
  ]);
  expect(problems([{ flake, architecture: "aarch64" }, x86])).toEqual([]);
});

test("a foreign installer is not asked what only a kexec needs", () => {
  const inputs = declaring([x86]);
  const without = {
    memoryKiB: 1,
    missingTools: ["cpio", "gzip"],
    kexec: { loadDisabled: true, loaded: false, lockdown: "integrity" },
  };
  expect(preflightProblems(specOf(inputs), installerFacts(without))).toEqual([]);
  expect(preflightProblems(specOf(inputs), debianFacts(without))).toHaveLength(4);
  const seen = preflightProblems(specOf(inputs), installerFacts({ uid: 1000, missingTools: ["lsblk"] }));
  expect(seen.map((problem) => problem.seen)).toEqual(["uid 1000", "missing: lsblk"]);
});

test("preflight looks at an installer of somebody else, and leaves it as it is", async () => {
  const context = contextOf(declaring([x86]));
  const foreign = installerFacts();
  expect(preflight.isDone(foreign, context)).toBe(false);
  await preflight.run(context, foreign);
  expect(context.notes.disksBefore).toHaveLength(1);
  expect(preflight.verify(foreign, context, foreign)).toEqual({
    proved: "NixOS 25.05 installer, kernel 6.12.0-installer, is an installer: no kexec is needed",
  });
  expect(kexec.isDone(foreign, context)).toBe(true);
});

test("each image has its own time", () => {
  const deadlines = { bootSeconds: 10, phaseSeconds: 100 };
  const seconds = (images: Images, phase: typeof kexec) => {
    const inputs = declaring(images);
    return phase.deadlineSeconds(contextOf({ ...inputs, connection: { ...inputs.connection, deadlines } }));
  };
  expect([seconds(x86, kexec), seconds([x86, any, any], kexec)]).toEqual([190, 3 * 190 + 200]);
  expect([seconds(x86, preflight), seconds([x86, any, any], preflight)]).toEqual([100, 300]);
});

describe("several images", () => {
  const silent = new HostError("silent-kexec-failure", {
    what: "the old kernel still runs",
    expected: "another boot_id",
    seen: "the same\nthe kernel says:\nNothing has been loaded",
    next: "do this",
  });
  const download = new HostError("download-failed", { what: "could not be downloaded", seen: "HTTP 404" });

  test("after a failure the next one is named, with the reason in one line", () => {
    const progress = new RecordedProgress();
    const candidates = new Candidates([x86, any]);
    expect(candidates.next()).toBe(x86);
    candidates.failed("x86.tar.gz", silent, progress);
    expect(progress.events).toEqual([
      "warning x86.tar.gz: the old kernel still runs [silent-kexec-failure]: the same. Now any.tar.gz is tried",
    ]);
    expect(candidates.next()).toBe(any);
  });

  test("after the last one: what each one did, under the code that tells most", async () => {
    const candidates = new Candidates([x86, any]);
    candidates.next();
    candidates.failed("x86.tar.gz", silent, new RecordedProgress());
    candidates.next();
    const error = await failureOf(() => candidates.failed("any.tar.gz", download, new RecordedProgress()));
    expect(error.text())
      .toBe(`none of the 2 installers could be booted; the old system still runs, the disks were not touched [silent-kexec-failure]
  expected: another boot_id
  seen:     1. x86.tar.gz: the old kernel still runs [silent-kexec-failure]: the same
       the kernel says:
       Nothing has been loaded
    2. any.tar.gz: could not be downloaded [download-failed]: HTTP 404
  next:     do this`);
  });

  test("of a single one its own error is all there is to say", async () => {
    const candidates = new Candidates([x86]);
    candidates.next();
    expect(await failureOf(() => candidates.failed("x86.tar.gz", silent, new RecordedProgress()))).toBe(
      silent,
    );
  });
});
