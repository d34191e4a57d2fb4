import { change, driverOf } from "../boot-order";
import { makeNext } from "../drivers/ostree";
import { inWords, isWanted, nextOf, shortDigest, wantedOnDisk } from "../goal";
import { pull } from "../pull";
import type { FcosPhase } from "../types";

/** Makes the declared image the next one to boot: from the disk where it still lies, else from the registry. */
export const rebase: FcosPhase = {
  name: "rebase",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  isDone: (facts, { spec }) => isWanted(nextOf(facts), spec),
  async run(context, facts) {
    const there = wantedOnDisk(facts, context.spec);
    if (there === undefined) return pull(context, facts);
    context.progress.lasting(
      `${inWords(there)} is still on the disk: nothing is fetched, and /etc will be as it was when it ran last`,
    );
    await change(context, facts, {
      name: "boot-order",
      script: makeNext(driverOf(facts), there.id),
      code: "rebase-failed",
      what: "the deployment that is still on the disk could not be made the next one; what runs is unchanged",
      next: () => "look at `rpm-ostree status` on the host, then run pulumi up again",
    });
  },
  verify(after, { spec }, before) {
    const next = nextOf(after);
    const from = wantedOnDisk(before, spec) === undefined ? "" : ", from the disk, without a download";
    return isWanted(next, spec)
      ? { proved: `${inWords(next)} is next${from}` }
      : {
          code: "rebase-failed",
          what: "the machine said that it was moved to the image, but it would boot something else",
          expected: `${shortDigest(spec.digest)}, without local layering`,
          seen: [inWords(next), ...(next?.layering ?? [])].join(", "),
          next: "look at `rpm-ostree status` on the host, then run pulumi up again",
        };
  },
};
