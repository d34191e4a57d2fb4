import { parseReference } from "../core/image-reference";
import { accessOf } from "../host/access";
import { deadlinesOf } from "../host/connection-schema";
import { healthChecksOf } from "../host/health-schema";
import type { Ways } from "../host/session";
import type { FcosHostInputs } from "./schema";
import type { FcosSpec } from "./types";

export function specOf(inputs: FcosHostInputs): FcosSpec {
  const { rollback, kernelArguments } = inputs;
  return {
    machine: inputs.machine,
    inputs,
    reference: inputs.image,
    digest: parseReference(inputs.image)?.digest ?? "",
    kernelRelease: inputs.booted.kernelRelease,
    driver: inputs.driver ?? "auto",
    transport: inputs.transport ?? "unverified-registry",
    reboot: inputs.reboot ?? "now",
    automaticRollback: rollback?.automatic ?? true,
    guard: rollback?.guard ?? true,
    healthChecks: healthChecksOf(inputs.healthChecks),
    updateDriver: inputs.updateDriver ?? "mask",
    kernelArguments: { present: kernelArguments?.present ?? [], absent: kernelArguments?.absent ?? [] },
    unchangedEtc: inputs.unchangedEtc ?? [],
    deadlines: deadlinesOf(inputs.connection),
  };
}

/** There is one way in: nothing is installed, and every deployment has the same users and keys. */
export function waysOf({ connection }: FcosHostInputs): Ways {
  const declared = { ...connection, user: connection.user ?? "core" };
  return { installed: accessOf(declared, "connection", connection.deadlines?.connectSeconds) };
}
