import type { Refutation } from "../../core/phase";
import { bytes } from "../../core/format";
import { problemsIn, type Problem } from "../../host/problems";
import { entryProblem } from "../boot-entries";
import { inWords, nextIsBooted, nextOf } from "../goal";
import { bootSpaceProblem, kernelBytes, sharesKernel } from "../space";
import type { Deployment, FcosFacts, FcosPhase, FcosSpec } from "../types";

/** Proves on the machine, before it reboots, that the next boot has all that a kernel needs: a panic answers nobody. */
export const checkStaged: FcosPhase = {
  name: "check staged",
  deadlineSeconds: () => 60,
  isDone: nextIsBooted,
  run: () => Promise.resolve(),
  verify(after, { spec }) {
    const next = nextOf(after);
    const problems =
      next === undefined ? [{ expected: "a deployment", seen: "none" }] : stagedProblems(spec, after, next);
    if (problems.length > 0) return notBootable(problems);
    const kernel = next?.kernels[0];
    return {
      proved: `${inWords(next)}: initramfs ${bytes(kernel?.initramfsBytes ?? 0)}, modules.dep is there`,
    };
  },
};

/** A table of what the next boot needs, against what lies on the disk. */
function stagedProblems(spec: FcosSpec, facts: FcosFacts, next: Deployment): Problem[] {
  const [kernel] = next.kernels;
  const releases = next.kernels.map(({ release }) => release).join(", ");
  const problems = problemsIn([
    [next.kernels.length === 1, "one kernel in /usr/lib/modules", releases || "none"],
    [
      spec.kernelRelease === undefined || releases === spec.kernelRelease,
      `the kernel ${spec.kernelRelease}`,
      releases || "none",
    ],
    [(kernel?.kernelBytes ?? 0) > 0, "a vmlinuz that is not empty", "none, or an empty one"],
    [(kernel?.initramfsBytes ?? 0) > 0, "an initramfs.img that is not empty", "none, or an empty one"],
    [kernel?.hasModulesDep === true, "a modules.dep of the kernel", "none"],
  ]);
  return problems.concat(next.staged ? spaceProblems(facts, next) : entryProblems(next));
}

/** A deployment that is not staged has its boot entry; that of a staged one is written, and proved, when it is finalized. */
function entryProblems({ bootEntry }: Deployment): Problem[] {
  const problem = entryProblem(bootEntry);
  return problem === undefined
    ? []
    : [{ expected: "a boot entry with a kernel and an initrd", seen: problem }];
}

/** Finalizing copies the kernel to /boot, unless a deployment there has the very same one. */
function spaceProblems(facts: FcosFacts, next: Deployment): Problem[] {
  const isThere = facts.deployments.some(
    (other) => other !== next && !other.staged && sharesKernel(other, next),
  );
  const problem = isThere ? undefined : bootSpaceProblem(facts, kernelBytes(next));
  return problem === undefined ? [] : [problem];
}

function notBootable(problems: readonly Problem[]): Refutation {
  return {
    code: "staged-check-failed",
    what: "the deployment that is next would not boot; the machine was not rebooted",
    expected: problems.map(({ expected }) => expected).join("; "),
    seen: problems.map(({ seen }) => seen).join("; "),
    next: "correct the image (FcosLayeredImage refuses one without its initramfs), then run pulumi up again",
  };
}
