import { observeHost } from "../host/observe";
import { fcosProbe, parseFcosFacts } from "./facts";
import type { FcosContext, FcosFacts } from "./types";

/** One look at the machine. It changes nothing; a run's lease is renewed by it. */
export function observe(context: Pick<FcosContext, "session" | "spec" | "lease">): Promise<FcosFacts> {
  const { driver, unchangedEtc, kernelArguments } = context.spec;
  const { present, absent } = kernelArguments;
  const question = { driver, unchangedEtc, kernelArguments: present.length + absent.length > 0 };
  return observeHost(context, fcosProbe(question), (output) => parseFcosFacts(output, question));
}
