import { HostError } from "../../core/errors";
import { keepReceipt } from "../../host/receipt";
import { pin, unpin } from "../drivers/ostree";
import { bootedOf, inWords } from "../goal";
import { disarmTheGuard } from "../guard-at-work";
import { lookUntil } from "../look-until";
import type { FcosReceipt } from "../receipt";
import { lastPhase } from "../state";
import type { FcosFacts, FcosPhase, FcosSpec } from "../types";

/** Ends the guard's watch, and pins what was confirmed until the next one is: no clean-up takes away where to go back to. */
export const keep: FcosPhase = {
  name: lastPhase,
  deadlineSeconds: () => 300,
  isDone: (facts, { spec }) => isKept(facts, spec) && facts.guard.rolledBack === "",
  async run(context, facts) {
    const { session, spec } = context;
    const booted = bootedOf(facts);
    if (booted === undefined) return;
    await disarmTheGuard(context);
    const { pinned, unpin: left = [], ...earlier } = ownReceipt(facts, spec);
    const ours = pinned === undefined ? left : [...left, pinned];
    const receipt: FcosReceipt = {
      ...earlier,
      confirmed: { digest: spec.digest, kernelRelease: facts.kernelRelease },
      ...((!booted.pinned || ours.includes(booted.id)) && { pinned: booted.id }),
    };
    const old = [...new Set(ours)].filter((id) => id !== booted.id);
    // First of all what is ours: a run that is killed between two of these leaves no pin that nobody knows.
    await keepReceipt(session, old.length === 0 ? receipt : ({ ...receipt, unpin: old } as FcosReceipt));
    await pins(context, booted.pinned ? [] : [pin(booted.id)]);
    if (old.length > 0) {
      // Only now: between the two there are two pinned ones, and never none.
      await pins(context, old.map(unpin));
      await keepReceipt(session, receipt);
    }
    await lookUntil(context, (seen) => isKept(seen, spec));
  },
  verify: (after, { spec }) =>
    isKept(after, spec)
      ? { proved: `${inWords(bootedOf(after))} is pinned until another one is confirmed` }
      : {
          code: "command-failed",
          what: "the confirmed deployment could not be kept",
          expected: "the booted deployment pinned, its receipt on the machine, and no guard that is armed",
          seen: [
            bootedOf(after)?.pinned === true ? "pinned" : "not pinned",
            after.receipt?.confirmed?.digest ?? "no receipt",
            after.guard.armedFor === "" ? "no guard" : "an armed guard",
          ].join(", "),
          next: "look at `ostree admin status` and at the space in /var on the host, then run pulumi up again",
        },
};

function isKept(facts: FcosFacts, spec: FcosSpec): boolean {
  const { receipt, guard } = facts;
  const booted = bootedOf(facts);
  return (
    booted?.pinned === true &&
    receipt?.machine === spec.machine &&
    receipt.confirmed?.digest === spec.digest &&
    receipt.confirmed.kernelRelease === facts.kernelRelease &&
    (receipt.pinned === undefined || receipt.pinned === booted.id) &&
    receipt.unpin === undefined &&
    guard.armedFor === ""
  );
}

/** Failed attempts stay in it; what another resource pinned is not ours to unpin. */
function ownReceipt({ receipt }: FcosFacts, { machine }: FcosSpec): FcosReceipt {
  return receipt?.machine === machine ? receipt : { machine, attempts: [] };
}

async function pins({ session }: Parameters<FcosPhase["run"]>[0], scripts: readonly string[]): Promise<void> {
  for (const script of scripts) {
    const done = await session.run(script, { deadlineSeconds: 60 });
    if (done.exitCode === 0) continue;
    throw new HostError("command-failed", {
      what: "the confirmed deployment could not be pinned",
      expected: "ostree admin pin to end with 0",
      seen: done.stderr.trim().split("\n").at(-1) || `exit code ${done.exitCode}`,
      next: "look at `ostree admin status` on the host, then run pulumi up again",
    });
  }
}
