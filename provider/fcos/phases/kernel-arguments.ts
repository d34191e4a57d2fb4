import { change, driverOf } from "../boot-order";
import { argumentsHold } from "../goal";
import { missingArguments, unwantedArguments } from "../kernel-arguments";
import type { FcosPhase } from "../types";

/** Changes the arguments of the next boot; where that boot is not staged yet, a deployment of the same image is. */
export const kernelArguments: FcosPhase = {
  name: "kernel arguments",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) =>
    spec.kernelArguments.present.length + spec.kernelArguments.absent.length === 0 ||
    argumentsHold(facts.nextKernelArguments, spec),
  async run(context, facts) {
    await change(context, facts, {
      name: "kernel-arguments",
      script: driverOf(facts).kernelArguments?.(context.spec.kernelArguments) ?? "",
      code: "rebase-failed",
      what: "the kernel arguments of the next boot could not be changed; what runs is unchanged",
      next: () => "correct what the log shows, then run pulumi up again",
      onLine: (line) => context.progress.detail(line),
    });
  },
  verify(after, { spec }) {
    const { present, absent } = spec.kernelArguments;
    const missing = missingArguments(after.nextKernelArguments, present);
    const unwanted = unwantedArguments(after.nextKernelArguments, absent);
    if (missing.length + unwanted.length === 0)
      return { proved: `the next boot gets ${after.nextKernelArguments}` };
    return {
      code: "rebase-failed",
      what: "the kernel arguments were changed, but the next boot would not get the declared ones",
      expected: [...present.map((name) => `with ${name}`), ...absent.map((name) => `without ${name}`)].join(
        ", ",
      ),
      seen: after.nextKernelArguments || "none",
      next: "look at `rpm-ostree kargs` on the host, then run pulumi up again",
    };
  },
};
