import { isGuardFile } from "./guard";
import type { FcosFacts } from "./types";

/** What a run leaves in /etc itself, while it is at work, is nobody's change. */
export function changedByOthers({ changedEtc }: Pick<FcosFacts, "changedEtc">): string[] {
  return changedEtc.filter((change) => !isGuardFile(change));
}
