import { isDeepStrictEqual } from "node:util";
import type { NixosHostInputs } from "./schema";
import type { HostState } from "./state";

const usedByInstallsOnly = ["extraFiles", "sshHostKeys", "diskEncryptionKeys"] as const;

/** What changed in the program, and would be taken for a change of the machine if nobody said otherwise. */
export function changedForInstallsOnly(state: HostState, news: NixosHostInputs): string[] {
  const changed = usedByInstallsOnly.filter(
    (key) => !isDeepStrictEqual(plain(state.install?.[key]), plain(news.install?.[key])),
  );
  if (changed.length === 0) return [];
  const names = changed.map((key) => `install.${key}`).join(", ");
  return [`${names} changed: only an install uses that, the installed machine keeps what it has`];
}

/** As it comes out of the state, where nothing is undefined. */
function plain(value: unknown): unknown {
  return value === undefined ? {} : JSON.parse(JSON.stringify(value));
}
