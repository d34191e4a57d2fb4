import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { waitForBoot } from "../../host/boot";
import type { NixosContext } from "../context";
import { isInstaller, type NixosFacts } from "../facts";
import { bundleFolder, kernelWords } from "../kexec-bundle";

/** The bundle's `run` fires `kexec -e` this long after it returned. */
const kexecDelaySeconds = 6;
/** An old system that answers after that will not go away any more. */
const graceSeconds = 8;

/** Leaves the old system for the installer, and believes nothing but the installer itself. */
export const kexec: Phase<NixosFacts, NixosContext> = {
  name: "kexec",
  deadlineSeconds: ({ spec }) => spec.deadlines.bootSeconds + 180,
  isDone: isInstaller,
  async run(context, facts) {
    const { session, progress, spec } = context;
    progress.detail("loading the installer's kernel");
    const load = await session.run(`cd ${bundleFolder} && ./run`, {
      deadlineSeconds: 180,
      onLine: progress.log.bind(progress),
    });
    if (load.exitCode !== 0) {
      throw new HostError("kexec-load-failed", {
        what: "the installer's kernel could not be loaded; the old system still runs and nothing was changed",
        expected: "the bundle's run to end with 0",
        seen: `exit code ${load.exitCode}${await kernelWords(context)}`,
        next: "read the log below",
        log: load.stdout + load.stderr,
      });
    }
    const end = await waitForBoot({
      session,
      way: "installer",
      oldBootId: facts.bootId,
      deadlineSeconds: spec.deadlines.bootSeconds,
      oldMayAnswerSeconds: kexecDelaySeconds + graceSeconds,
      endIsPending: "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' ' ' | grep -qE 'kexec.{0,3}-e'",
      progress,
    });
    if (end.end === "old-boot-alive") throw await silentFailure(context, facts, end.seconds);
    if (end.end === "silent") {
      throw new HostError("unreachable", {
        what: `the installer did not answer within ${Math.round(end.seconds)} s after kexec`,
        expected: "the installer's sshd, with the host key of the old system",
        seen: end.last
          ? `${end.last.details.what}${end.last.details.seen ? ` (${end.last.details.seen})` : ""}`
          : "nothing",
        next: "look at the machine's console; the disks were not touched. A power cycle brings the old system back",
      });
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
        `${after.osRelease.prettyName}, kernel ${after.kernelRelease}`,
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

async function silentFailure(context: NixosContext, facts: NixosFacts, seconds: number): Promise<HostError> {
  const loaded = await context.session
    .run("cat /sys/kernel/kexec_loaded", { deadlineSeconds: 15 })
    .catch(() => undefined);
  return new HostError("silent-kexec-failure", {
    what: "kexec said 0, but the old kernel still runs; the disks were not touched",
    expected: `another boot_id within ${kexecDelaySeconds + graceSeconds} s`,
    seen:
      `boot_id ${facts.bootId} and kernel ${facts.kernelRelease} answered after ${Math.round(seconds)} s, ` +
      `/sys/kernel/kexec_loaded ${loaded?.stdout.trim() ?? "unknown"}${await kernelWords(context)}`,
    next: "kexec_loaded 0: something unloaded the image in between; 1: the jump itself was refused. Then run pulumi up again",
  });
}
