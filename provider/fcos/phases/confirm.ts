import { healthSeconds, requireHealthy } from "../../host/health";
import { settle } from "../../host/settle";
import { tellFailedUnits, wrongSystem } from "../../host/wrong-system";
import { findFcosDrift } from "../drift";
import { bootedOf, inWords } from "../goal";
import { holdTheGuard } from "../guard-at-work";
import { wrongKernel } from "./reboot";
import type { FcosPhase } from "../types";

/** Changes nothing: asks for the host's health, and compares every two-sided key with what the machine shows. */
export const confirm: FcosPhase = {
  name: "confirm",
  deadlineSeconds: ({ spec }) => 150 + healthSeconds(spec.healthChecks),
  isDone: () => false,
  async run(context) {
    const { session, spec, progress } = context;
    await holdTheGuard(context);
    await settle(session);
    await requireHealthy(session, spec.healthChecks, progress);
  },
  verify(after, context) {
    const { spec, progress } = context;
    const kernel = wrongKernel(after, context);
    if (kernel !== undefined) return kernel;
    const wrong = wrongSystem(
      findFcosDrift(spec.inputs, after),
      "look who changes the machine beside this program, then run pulumi up again",
    );
    if (wrong !== undefined) return wrong;
    tellFailedUnits(after, progress);
    const checks = spec.healthChecks.map(({ name }) => name).join(", ");
    return { proved: `${inWords(bootedOf(after))} booted and next${checks && `, healthy: ${checks}`}` };
  },
};
