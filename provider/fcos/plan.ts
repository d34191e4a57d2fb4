import { HostError } from "../core/errors";
import { refuseForeignReceipt } from "../host/receipt";
import { bootedOf, nextIsBooted, runsAsDeclared } from "./goal";
import { stagingSequence, wholeSequence, type Sequence } from "./sequences";
import type { FcosContext, FcosFacts, FcosSpec } from "./types";

/** Refuses a machine that is not this resource's to move; for every other one, what has to run to its end. */
export function plan({ spec }: Pick<FcosContext, "spec">, facts: FcosFacts): Sequence {
  refuseManaged(facts);
  requireOstree(facts);
  if (spec.inputs.adopt !== true) refuseForeignReceipt(spec.machine, facts.receipt, howToAdopt);
  return waitsForSomebody(spec, facts) ? stagingSequence : wholeSequence;
}

/** The declared system is not running, and rebooting is left to others. */
export function waitsForSomebody(spec: FcosSpec, facts: FcosFacts): boolean {
  return spec.reboot === "manual" && !(nextIsBooted(facts) && runsAsDeclared(facts, spec));
}

const howToAdopt = "To take the machine over as it is, set adopt: true.";

function requireOstree(facts: FcosFacts): void {
  if (facts.ostreeBooted && (facts.driver === "" || bootedOf(facts) !== undefined)) return;
  throw new HostError("foreign-system", {
    what: "the machine does not run from an ostree deployment; nothing was changed",
    expected: "Fedora CoreOS, or another system of ostree's with rpm-ostree or bootc",
    seen: `${facts.osRelease.prettyName || "an unknown system"}, kernel ${facts.kernelRelease}`,
    next: "check connection.host; FcosHost moves machines that run such a system already, and installs none",
  });
}

/** The operator would see a node that is not what it rendered, and degrade it. */
function refuseManaged({ machineConfigOperatorMarks }: FcosFacts): void {
  if (machineConfigOperatorMarks.length === 0) return;
  throw new HostError("foreign-system", {
    what: "the machine is a node that OKD's Machine Config Operator manages; nothing was changed",
    expected: "a machine whose image nobody else decides",
    seen: machineConfigOperatorMarks.join(", "),
    next: "roll the image out by the cluster itself: machineConfig() or machineOSConfig() of this package write the documents",
  });
}
