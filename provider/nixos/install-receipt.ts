import type { NixosContext } from "./context";
import type { NixosFacts } from "./facts";
import type { InstallReceipt } from "./receipt";

/** The receipt on the machine is of exactly this install, and says that the phase was proved. */
export function receiptSays(facts: NixosFacts, context: Pick<NixosContext, "spec">, phase: string): boolean {
  return isOfThisInstall(facts, context) && facts.receipt?.done.includes(phase) === true;
}

function isOfThisInstall({ receipt }: NixosFacts, { spec }: Pick<NixosContext, "spec">): boolean {
  return receipt?.machine === spec.machine && receipt.installKey === spec.installKey;
}

/** disko was started by an attempt at this install, by the receipt or by the state: the disks may hold anything of it. */
export function diskoBegan(facts: NixosFacts, context: Pick<NixosContext, "spec" | "notes">): boolean {
  const { receipt } = facts;
  if (receipt === undefined || !isOfThisInstall(facts, context)) return context.notes.diskoBegan === true;
  return receipt.done.includes("disko") || receipt.wiping === true || context.notes.diskoBegan === true;
}

/** The receipt of this install with these phases done; failed attempts of earlier ones are kept. */
export function installReceipt(
  { spec, notes }: Pick<NixosContext, "spec" | "notes">,
  facts: NixosFacts,
  done: string[],
  { wiping = false } = {},
): InstallReceipt {
  const earlier = facts.receipt?.machine === spec.machine ? facts.receipt : undefined;
  const disks = notes.disksBefore ?? (earlier?.installKey === spec.installKey ? earlier.disks : []);
  return {
    machine: spec.machine,
    installKey: spec.installKey,
    disks: disks.map(({ device, serial, wwn, model, sizeBytes, holds, content }) => ({
      ...{ device, serial, wwn, sizeBytes, holds },
      ...(model !== undefined && { model }),
      ...(content && { content }),
    })),
    done,
    ...(wiping ? { wiping } : {}),
    attempts: earlier?.attempts ?? [],
  };
}
