import { HostError } from "../../core/errors";
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
  async run({ spec: { inputs }, session }) {
    try {
      await refuseContradiction(inputs, session.hostKeys);
      await diskKeyFiles(inputs.install);
      await installFiles(inputs.install);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // Only here: disko and install read the same files again, when much was changed.
      throw new HostError(error.code, {
        ...error.details,
        what: `${error.details.what}; nothing was changed`,
      });
    }
  },
  verify: () => ({ proved: "" }),
};

export function handsOverFiles({ inputs: { install } }: NixosSpec): boolean {
  const { extraFiles, diskEncryptionKeys, sshHostKeys } = install ?? {};
  return [extraFiles, diskEncryptionKeys, sshHostKeys].some((files) => Object.keys(files ?? {}).length > 0);
}
