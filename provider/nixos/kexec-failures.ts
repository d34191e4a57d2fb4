import { HostError } from "../core/errors";
import type { CommandResult } from "../core/shell";
import type { NixosContext } from "./context";
import type { NixosFacts } from "./facts";
import { kernelWords } from "./kexec-bundle";

/** The ways in which a machine does not leave its old system, each by its own name. */
export function loadFailed(load: CommandResult, words: string): HostError {
  return new HostError("kexec-load-failed", {
    what: "the installer's kernel could not be loaded; the old system still runs and nothing was changed",
    expected: "the bundle's run to end with 0",
    seen: `exit code ${load.exitCode}${words}`,
    next: "read the log below",
    log: load.stdout + load.stderr,
  });
}

export async function silentFailure(
  context: NixosContext,
  old: NixosFacts,
  limitSeconds: number,
  seconds: number,
): Promise<HostError> {
  const loaded = await context.session
    .run("cat /sys/kernel/kexec_loaded", { deadlineSeconds: 15 })
    .catch(() => undefined);
  return new HostError("silent-kexec-failure", {
    what: "kexec said 0, but the old kernel still runs; the disks were not touched",
    expected: `another boot_id within ${limitSeconds} s`,
    seen:
      `boot_id ${old.bootId} and kernel ${old.kernelRelease} answered after ${Math.round(seconds)} s, ` +
      `/sys/kernel/kexec_loaded ${loaded?.stdout.trim() ?? "unknown"}${await kernelWords(context)}`,
    next: "kexec_loaded 0: something unloaded the image in between; 1: the jump itself was refused. Then run pulumi up again",
  });
}

export function oldSystemCameBack(old: NixosFacts, now: NixosFacts, words: string): HostError {
  return new HostError("installer-not-proved", {
    what: "what answers after kexec is not the installer, but the old system, booted anew; the disks were not touched",
    expected: "the installer's kernel, with init= of the bundle on its command line",
    seen: `${now.osRelease.prettyName} with its kernel ${now.kernelRelease} again, boot_id ${old.bootId} → ${now.bootId}${words}`,
    next:
      "most likely the installer's kernel panicked, and panic= or a watchdog started the machine anew: the console tells. " +
      "Give the machine more memory, or another image in install.kexec",
  });
}

export function unreachable({ seconds, last }: { seconds: number; last: HostError | undefined }): HostError {
  return new HostError("unreachable", {
    what: `the installer did not answer within ${Math.round(seconds)} s after kexec`,
    expected: "the installer's sshd, with the host key of the old system",
    seen: last ? `${last.details.what}${last.details.seen ? ` (${last.details.seen})` : ""}` : "nothing",
    next:
      "look at the machine's console; the disks were not touched. It tells whether the installer's kernel panicked, " +
      "or runs under another address or port (install.installerPort). A power cycle brings the old system back",
  });
}
