import { HostError } from "../core/errors";
import { problemsIn, refuse } from "../host/problems";
import type { Earlier, NixosContext } from "./context";
import { isNixos, type NixosFacts } from "./facts";
import { receiptSays } from "./install-receipt";
import type { NixosSpec } from "./spec";

/**
 * `adopt` is for a machine that this resource has not installed. Once it is this resource's, another layout is a
 * reinstall again, which needs consent.
 */
export function isAdoption(
  context: Pick<NixosContext, "spec">,
  facts: NixosFacts,
  earlier: Earlier | undefined,
): boolean {
  const { spec } = context;
  const isInstalling = earlier?.begun !== undefined || (earlier?.installKey ?? "") !== "";
  if (spec.inputs.adopt !== true || isInstalling) return false;
  return !receiptSays(facts, context, "disko");
}

/** The declared system must be one that this machine can run; that it fits the disks is taken on trust. */
export function requireAdoptable({ inputs }: NixosSpec, facts: NixosFacts): void {
  if (!isNixos(facts)) {
    throw new HostError("foreign-system", {
      what: "adopt is for a machine that runs NixOS already, and this one does not; nothing was changed",
      expected: "a NixOS that runs from its disk",
      seen: `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}`,
      next: "check connection.host. If this machine is to be installed, take adopt out of the program: that wipes its disks",
    });
  }
  const { system, bootMode } = inputs.__needs;
  const problems = problemsIn([
    [
      system === "" || system.split("-")[0] === facts.architecture,
      `a machine for ${system}`,
      `uname -m says ${facts.architecture}`,
    ],
    [
      bootMode === "" || bootMode === facts.bootMode,
      `a machine booted by ${bootMode}`,
      `booted by ${facts.bootMode}`,
    ],
  ]);
  refuse(
    problems,
    "the machine cannot run the declared system; nothing was changed",
    "correct the configuration or the address, then run pulumi up again",
  );
}

/** What is said when it begins: the layout cannot be looked up on the machine. */
export function adoptionInWords({ machine }: NixosSpec, facts: NixosFacts): string {
  const from = facts.receipt === undefined ? "" : `, which was "${facts.receipt.machine}" before`;
  return (
    `ADOPT: ${machine}${from}, is taken over as it runs: ${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}. ` +
    "Nothing is wiped; that its disks have the declared layout is taken on trust"
  );
}

export const howToAdopt = "To take the machine over as it is, set adopt: true; nothing is wiped then.";
