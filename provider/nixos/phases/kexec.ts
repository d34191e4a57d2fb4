import type { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { waitForBoot } from "../../host/boot";
import { observe, type NixosContext } from "../context";
import { isInstaller, whereItStands, type NixosFacts } from "../facts";
import { kernelWords, runCommand, standDown } from "../kexec-bundle";
import type { Installer } from "../kexec-candidates";
import { loadFailed, oldSystemCameBack, silentFailure, unreachable } from "../kexec-failures";
import { candidatesOf, rehearseNext } from "../kexec-rehearsal";

/** The bundle's `run` fires `kexec -e` this long after it returned. */
const kexecDelaySeconds = 6;
/** An old system that answers after that will not go away any more. */
const graceSeconds = 8;
const loadSeconds = 180;

/** Leaves the old system for the installer, and believes nothing but the installer itself. */
export const kexec: Phase<NixosFacts, NixosContext> = {
  name: "kexec",
  deadlineSeconds({ spec }) {
    const { bootSeconds, phaseSeconds } = spec.deadlines;
    const more = Math.max(0, spec.kexecImages.length - 1);
    // Each further image is fetched, uploaded and rehearsed first.
    return (bootSeconds + loadSeconds) * (1 + more) + phaseSeconds * more;
  },
  isDone: isInstaller,
  async run(context, facts) {
    const { notes, progress } = context;
    const candidates = candidatesOf(context, facts);
    let old = facts;
    for (;;) {
      notes.installer ??= await rehearseNext(context, old);
      const failure = await leaveFor(notes.installer, context, old);
      if (failure === undefined) return;
      await standDown(context).catch(() => undefined);
      const { source } = notes.installer;
      delete notes.installer;
      candidates.failed(source, failure.error, progress);
      old = failure.old;
    }
  },
  verify(after, { notes, spec }, before) {
    const targets = new Set(spec.disks.map((disk) => after.devices[disk.device]));
    const rootDisk = after.disks.find((disk) => disk.parts.some((part) => part.mountpoint === "/"));
    const proofs: [boolean, string, string][] = [
      [after.bootId !== before.bootId, "another boot_id", "the same boot_id"],
      [
        isInstaller(after),
        "an installer whose root is in RAM",
        `${after.osRelease.prettyName}, kernel ${after.kernelRelease}, ${whereItStands(after)}`,
      ],
      [
        notes.installer === undefined || after.commandLine.includes(notes.installer.init),
        `${notes.installer?.init} on the kernel's command line`,
        after.commandLine,
      ],
      [
        !notes.installer?.kernelRelease || after.kernelRelease === notes.installer.kernelRelease,
        `kernel ${notes.installer?.kernelRelease}`,
        `kernel ${after.kernelRelease}`,
      ],
      [
        rootDisk === undefined || !targets.has(rootDisk.path),
        "a root that is on no target disk",
        `/ on ${rootDisk?.path}`,
      ],
    ];
    const failed = proofs.filter(([fine]) => !fine);
    if (failed.length === 0) {
      return {
        proved: `kernel ${before.kernelRelease} → ${after.kernelRelease}, boot_id changed, root in RAM, init= of the bundle`,
      };
    }
    return {
      code: "installer-not-proved",
      what: "what answers after kexec is not the installer; the disks were not touched",
      expected: failed.map(([, expected]) => expected).join("; "),
      seen: failed.map(([, , seen]) => seen).join("; "),
      next: "look at the machine's console: the installer's kernel may have panicked and the old system come back",
    };
  },
};

/** The old system answers, as it was or anew: it can be asked why, and another installer can be tried. */
interface Failure {
  error: HostError;
  old: NixosFacts;
}

async function leaveFor(
  installer: Installer,
  context: NixosContext,
  old: NixosFacts,
): Promise<Failure | undefined> {
  const { session, progress, spec } = context;
  progress.detail("loading the installer's kernel");
  const load = await session.run(runCommand(spec), {
    deadlineSeconds: loadSeconds,
    onLine: progress.log.bind(progress),
  });
  if (load.exitCode !== 0) return { error: loadFailed(load, await kernelWords(context)), old };
  const end = await waitForBoot({
    session,
    way: "installer",
    wayBack: "old",
    oldBootId: old.bootId,
    deadlineSeconds: spec.deadlines.bootSeconds,
    oldMayAnswerSeconds: kexecDelaySeconds + graceSeconds,
    endIsPending: "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' ' ' | grep -qE 'kexec.{0,3}-e'",
    progress,
  });
  switch (end.end) {
    case "silent":
      throw unreachable(end);
    case "old-boot-alive":
      return {
        error: await silentFailure(context, old, kexecDelaySeconds + graceSeconds, end.seconds),
        old,
      };
    case "booted":
      return end.commandLine.includes(installer.init) ? undefined : await cameBack(context, old);
  }
}

/** Something else than the bundle's kernel booted. Only the old system itself is a reason to try again. */
async function cameBack(context: NixosContext, old: NixosFacts): Promise<Failure | undefined> {
  const now = await observe(context);
  const isOld =
    !isInstaller(now) && now.kernelRelease === old.kernelRelease && now.machineId === old.machineId;
  return isOld ? { error: oldSystemCameBack(old, now, await kernelWords(context)), old: now } : undefined;
}
