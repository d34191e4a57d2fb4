import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { waitForBoot } from "../../host/boot";
import { unlockHint } from "../boot-unlock";
import type { NixosContext } from "../context";
import { bootFilesMatch, isInstaller, isNixos, type NixosFacts } from "../facts";

/** A system that shuts down may answer until its last unit has stopped. */
const longestShutdownSeconds = 180;

/** Leaves the present system, and waits for another boot_id behind the installed system's own address. */
export const reboot: Phase<NixosFacts, NixosContext> = {
  name: "reboot",
  deadlineSeconds: ({ spec }) => spec.deadlines.bootSeconds + 120,
  isDone: (facts) => isNixos(facts) && bootFilesMatch(facts),
  async run(context, facts) {
    const { session, progress, spec } = context;
    const leave = isInstaller(facts)
      ? "sync; umount -R /mnt 2>/dev/null || { sleep 2; umount -R /mnt; }; command -v zpool >/dev/null && zpool export -a; true"
      : "sync";
    const order = await session.run(
      `${leave}
setsid sh -c 'sleep 1; if [ -d /run/systemd/system ]; then systemctl reboot; else reboot; fi' </dev/null >/dev/null 2>&1 &`,
      { deadlineSeconds: 120 },
    );
    progress.log(order.stderr);
    const unlock = unlockHint(spec);
    if (unlock) progress.lasting(`reboot: ${unlock}`);
    const end = await waitForBoot({
      session,
      way: "installed",
      oldBootId: facts.bootId,
      deadlineSeconds: spec.deadlines.bootSeconds,
      oldMayAnswerSeconds: longestShutdownSeconds,
      leftHasOtherKeys: isInstaller(facts) && spec.inputs.install?.connection?.hostKey !== undefined,
      progress,
    });
    if (end.end === "booted") return;
    throw new HostError(end.end === "silent" ? "unreachable" : "reboot-not-proved", {
      what:
        end.end === "silent"
          ? "the machine did not come back after the reboot"
          : "the machine did not reboot",
      expected: `another boot_id within ${spec.deadlines.bootSeconds} s at ${spec.inputs.connection.host}`,
      seen:
        end.end === "silent"
          ? `${end.last?.details.what ?? "nothing"} after ${Math.round(end.seconds)} s`
          : `boot_id ${facts.bootId} still answers after ${Math.round(end.seconds)} s`,
      next: `${unlock ? `${unlock}; else ` : ""}look at the machine's console; when it answers again, pulumi up goes on from here`,
    });
  },
  verify(after, _context, before) {
    return after.bootId !== before.bootId
      ? { proved: `kernel ${before.kernelRelease} → ${after.kernelRelease}, boot_id changed` }
      : {
          code: "reboot-not-proved",
          what: "the machine did not reboot",
          expected: "another boot_id",
          seen: `boot_id ${after.bootId}`,
          next: "run pulumi up again",
        };
  },
};
