import { sleep } from "../core/deadline";
import { observe } from "./context";
import type { FcosContext, FcosFacts } from "./types";

const looks = 3;
const betweenLooksMs = 3000;

/**
 * rpm-ostree's daemon may tell for seconds what was before a change that was made beside it, by ostree's own commands.
 * Ends also when it is not there: the phase's proof has the last word, and says what is missing.
 */
export async function lookUntil(context: FcosContext, isThere: (facts: FcosFacts) => boolean): Promise<void> {
  for (let look = 1; look < looks; look++) {
    if (isThere(await observe(context))) return;
    await sleep(betweenLooksMs);
  }
}
