import { HostError } from "../../core/errors";
import type { Phase } from "../../core/phase";
import { refuseRunningJob, runJob } from "../../host/job";
import { settleFiles, writeFiles } from "../../host/files";
import { copyClosure } from "../closure";
import type { NixosContext } from "../context";
import { requireInstaller, type NixosFacts, type SystemRoot } from "../facts";
import { installFiles } from "../install-files";
import { receiptSays } from "../install-receipt";
import type { Verdict } from "../../core/phase";

/** Copies the closure to the new disk and makes it bootable. nixos-install's exit code proves no boot loader. */
export const install: Phase<NixosFacts, NixosContext> = {
  name: "install",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  pastNoReturn: true,
  isDone: (facts, context) => receiptSays(facts, context, "install"),
  async run(context, facts) {
    const { spec, session, progress } = context;
    requireInstaller(facts, "install");
    if (!facts.target.mounted) throw notMounted();
    // The one that a killed client left reads the very files that would be written anew.
    await refuseRunningJob(session, "install");
    const files = await installFiles(spec.inputs.install);
    if (!facts.target.hasWanted) await copyClosure(context, spec.toplevel, "/mnt");
    // Before the activation, which may need them: keys that decrypt its secrets, for one.
    const place = {
      root: "/mnt",
      deadlineSeconds: spec.deadlines.phaseSeconds,
      code: "install-failed",
    } as const;
    if (files.length > 0) progress.detail(`writing ${files.length} files`);
    await writeFiles(session, files, place);
    progress.detail("nixos-install");
    const job = await runJob(session, {
      name: "install",
      // The host keys move with the machine, except for those that are given: it stays the same one to all who know it.
      script: `mkdir -p /mnt/etc/ssh
for key in /etc/ssh/ssh_host_*; do [ -e "/mnt$key" ] || cp -p "$key" "/mnt$key"; done
nixos-install --root /mnt --no-root-passwd --no-channel-copy --system ${spec.toplevel} && sync`,
      deadlineSeconds: spec.deadlines.phaseSeconds,
      onLine: (line) => {
        progress.log(line);
        progress.detail(line);
      },
    });
    if (job.exitCode !== 0) {
      throw new HostError("install-failed", {
        what: "nixos-install failed",
        expected: "exit code 0",
        seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
        next: "no system: the installer still runs. Read the log, then run pulumi up again; it starts at install",
        log: job.output,
      });
    }
    // The activation has made the users.
    await settleFiles(session, files, place, { names: true });
  },
  verify: (after, { spec }) =>
    bootable(
      after.target,
      spec.toplevel,
      "install-failed",
      "nixos-install said 0, but the disk would not boot the declared system",
    ),
};

function notMounted(): HostError {
  return new HostError("install-failed", {
    what: "nothing is mounted at /mnt; nothing was changed",
    expected: "the new layout, mounted below /mnt by the phase disko",
    seen: "no mount at /mnt",
    next: 'let install.phases hold "disko", too',
  });
}

/** Profile, boot loader, and the very files that it will load: an entry without an initrd panics. */
export function bootable(
  root: SystemRoot,
  toplevel: string,
  code: "install-failed" | "activation-failed",
  what: string,
): Verdict {
  const { bootDefault } = root;
  const proofs: [boolean, string, string][] = [
    [root.profile === toplevel, `system profile ${toplevel}`, root.profile || "no system profile"],
    [
      bootDefault.toplevel === toplevel,
      `boot loader's default ${toplevel}`,
      bootDefault.toplevel || "no default entry with an init=",
    ],
    [bootDefault.kernelBytes !== 0, "a kernel file in the default entry", "missing or empty"],
    [bootDefault.initrdBytes !== 0, "an initrd file in the default entry", "missing or empty"],
  ];
  const failed = proofs.filter(([fine]) => !fine);
  if (failed.length === 0)
    return {
      proved: `profile and ${bootDefault.loader} default are ${shortPath(toplevel)}, kernel and initrd are there`,
    };
  return {
    code,
    what,
    expected: failed.map(([, expected]) => expected).join("; "),
    seen: failed.map(([, , seen]) => seen).join("; "),
    next: "check the boot loader's options of the configuration and the space in /boot, then run pulumi up again",
  };
}

/** /nix/store/abcdefgh…-nixos-system-web-25.05 → abcdefgh…-nixos-system-web-25.05, with the hash cut to 8 */
export function shortPath(path: string): string {
  return path.replace(/^\/nix\/store\/([0-9a-z]{8})[0-9a-z]*-/, "$1…-");
}
