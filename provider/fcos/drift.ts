import { findDrift, type Drift, type DriftCheck } from "../core/drift";
import { changedByOthers } from "./etc-changes";
import { bootedOf, expectedKernel, nextOf } from "./goal";
import { heldArguments } from "./kernel-arguments";
import type { FcosHostInputs } from "./schema";
import { specOf } from "./spec";
import type { FcosFacts } from "./types";

interface Declared {
  inputs: FcosHostInputs;
  /** By the program, or by the image that runs. */
  kernelRelease: string | undefined;
}

/** What a machine shows under the two-sided keys. */
type Observed = Pick<
  FcosHostInputs,
  "booted" | "bootDefault" | "activeUpdateDriver" | "changedEtc" | "kernelArguments"
>;

/** One row a two-sided key. A new kind of drift is one line here. */
const checks: readonly DriftCheck<Declared, Observed>[] = [
  {
    key: "booted.digest",
    declared: ({ inputs }) => inputs.booted.digest,
    observed: ({ booted }) => booted.digest,
    meaning: "the machine runs another image",
  },
  {
    key: "booted.kernelRelease",
    declared: ({ kernelRelease }) => kernelRelease,
    observed: ({ booted }) => booted.kernelRelease,
    meaning: "the running kernel is not that of the image",
  },
  {
    key: "booted.unlocked",
    declared: ({ inputs }) => inputs.booted.unlocked,
    observed: ({ booted }) => booted.unlocked,
    meaning: "somebody made the running system writable (`ostree admin unlock`)",
  },
  {
    key: "booted.layering",
    declared: ({ inputs }) => inputs.booted.layering.join(", "),
    observed: ({ booted }) => booted.layering.join(", "),
    meaning: "somebody layered something over the image",
  },
  {
    key: "bootDefault.digest",
    declared: ({ inputs }) => inputs.bootDefault.digest,
    observed: ({ bootDefault }) => bootDefault.digest,
    meaning: "the next boot would start another image",
  },
  {
    key: "bootDefault.deployment",
    declared: ({ inputs }) => inputs.bootDefault.deployment,
    observed: ({ bootDefault }) => bootDefault.deployment,
    meaning: "somebody staged a deployment, or queued a rollback",
  },
  {
    key: "activeUpdateDriver",
    declared: ({ inputs }) => inputs.activeUpdateDriver,
    observed: ({ activeUpdateDriver }) => activeUpdateDriver,
    meaning: "something updates the machine by itself",
  },
  {
    key: "changedEtc",
    declared: ({ inputs }) => inputs.changedEtc.join(", "),
    observed: ({ changedEtc }) => changedEtc.join(", "),
    meaning: "somebody changed /etc",
  },
  {
    key: "kernelArguments",
    declared: ({ inputs }) => argumentsInWords(inputs.kernelArguments),
    observed: ({ kernelArguments }) => argumentsInWords(kernelArguments),
    meaning: "the kernel was started with other arguments",
  },
];

export function findFcosDrift(inputs: FcosHostInputs, facts: FcosFacts): Drift[] {
  const kernelRelease = expectedKernel(facts, specOf(inputs));
  return findDrift(checks, { inputs, kernelRelease }, observedKeys(facts, inputs));
}

/** The observed side of the two-sided keys. */
export function observedKeys(
  facts: FcosFacts,
  declared: Pick<FcosHostInputs, "kernelArguments">,
): Observed & { booted: { kernelRelease: string } } {
  const [booted, next] = [bootedOf(facts), nextOf(facts)];
  return {
    booted: {
      digest: booted?.digest ?? "",
      kernelRelease: facts.kernelRelease,
      unlocked: booted?.unlocked ?? "",
      layering: booted?.layering ?? [],
    },
    bootDefault: {
      digest: next?.digest ?? "",
      deployment: next === undefined ? "" : next.booted ? "booted" : next.staged ? "staged" : "other",
    },
    activeUpdateDriver: facts.updateDrivers.map(({ name }) => name).join(", "),
    changedEtc: changedByOthers(facts),
    ...(declared.kernelArguments && { kernelArguments: held(facts, declared.kernelArguments) }),
  };
}

type Arguments = NonNullable<FcosHostInputs["kernelArguments"]>;

/** What holds of the declared ones; a list that was not declared stays away. */
function held({ commandLine }: FcosFacts, { present, absent }: Arguments): Arguments {
  const holding = heldArguments(commandLine, { present: present ?? [], absent: absent ?? [] });
  return {
    ...(present && { present: [...holding.present] }),
    ...(absent && { absent: [...holding.absent] }),
  };
}

function argumentsInWords({ present = [], absent = [] }: Arguments = {}): string {
  return [...present, ...absent.map((name) => `no ${name}`)].join(" ");
}
