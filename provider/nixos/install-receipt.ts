import type { Receipt } from "../host/receipt";
import type { NixosContext } from "./context";
import type { NixosFacts } from "./facts";

/** The receipt on the machine is of exactly this install, and says that the phase was proved. */
export function receiptSays(facts: NixosFacts, { spec }: Pick<NixosContext, "spec">, phase: string): boolean {
  const { receipt } = facts;
  return (
    receipt?.machine === spec.machine &&
    receipt.installKey === spec.installKey &&
    receipt.done.includes(phase)
  );
}

/** The receipt of this install with these phases done; failed attempts of earlier ones are kept. */
export function installReceipt(
  { spec, notes }: Pick<NixosContext, "spec" | "notes">,
  facts: NixosFacts,
  done: string[],
): Receipt {
  const earlier = facts.receipt?.machine === spec.machine ? facts.receipt : undefined;
  const disks = notes.disksBefore ?? (earlier?.installKey === spec.installKey ? earlier.disks : []);
  return {
    machine: spec.machine,
    installKey: spec.installKey,
    disks: disks.map(({ device, serial, wwn, sizeBytes }) => ({ device, serial, wwn, sizeBytes })),
    done,
    attempts: earlier?.attempts ?? [],
  };
}
