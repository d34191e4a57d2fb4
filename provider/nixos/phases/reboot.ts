import type { Phase } from "../../core/phase";
import { provedReboot, rebootAndWait, rebootSeconds } from "../../host/reboot";
import { unlockHint } from "../boot-unlock";
import type { NixosContext } from "../context";
import { bootFilesMatch, isInstaller, isNixos, type NixosFacts } from "../facts";

const leaveInstaller =
  "sync; umount -R /mnt 2>/dev/null || { sleep 2; umount -R /mnt; }; command -v zpool >/dev/null && zpool export -a; true";

/** From the installer, or from an earlier system, into the installed one. */
export const reboot: Phase<NixosFacts, NixosContext> = {
  name: "reboot",
  deadlineSeconds: ({ spec }) => rebootSeconds(spec.deadlines.bootSeconds),
  isDone: (facts) => isNixos(facts) && bootFilesMatch(facts),
  async run({ session, progress, spec }, facts) {
    await rebootAndWait({
      session,
      progress,
      host: spec.inputs.connection.host,
      oldBootId: facts.bootId,
      bootSeconds: spec.deadlines.bootSeconds,
      ...(isInstaller(facts) && { leave: leaveInstaller }),
      leftHasOtherKeys: isInstaller(facts) && spec.inputs.install?.connection?.hostKey !== undefined,
      hint: unlockHint(spec),
    });
  },
  verify: (after, _context, before) => provedReboot(after, before),
};
