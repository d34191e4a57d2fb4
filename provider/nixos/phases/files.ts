import type { Phase } from "../../core/phase";
import type { NixosContext } from "../context";
import type { NixosFacts } from "../facts";
import { refuseContradiction } from "../given-host-keys";
import { diskKeyFiles, installFiles } from "../install-files";
import { receiptSays } from "../install-receipt";
import type { NixosSpec } from "../spec";

/** Reads what the program hands to the machine, before anything is touched: a missing file must not end a wipe. */
export const files: Phase<NixosFacts, NixosContext> = {
  name: "files",
  deadlineSeconds: () => 600,
  isDone: (facts, context) => receiptSays(facts, context, "install"),
  async run({ spec: { inputs } }) {
    await refuseContradiction(inputs);
    await diskKeyFiles(inputs.install);
    await installFiles(inputs.install);
  },
  verify: () => ({ proved: "" }),
};

export function handsOverFiles({ inputs: { install } }: NixosSpec): boolean {
  const { extraFiles, diskEncryptionKeys, sshHostKeys } = install ?? {};
  return [extraFiles, diskEncryptionKeys, sshHostKeys].some((files) => Object.keys(files ?? {}).length > 0);
}
