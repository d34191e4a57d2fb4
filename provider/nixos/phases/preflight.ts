import { HostError } from "../../core/errors";
import { bytes } from "../../core/format";
import type { Phase } from "../../core/phase";
import type { NixosContext } from "../context";
import { identityProblems, recordDisks } from "../disk-check";
import { isInstaller, type NixosFacts } from "../facts";
import { kexecImage, type KexecImage } from "../kexec-image";
import { rehearseKexec, uploadBundle } from "../kexec-bundle";
import type { NixosSpec } from "../spec";

/** nixos-images wants 1 GB; of that a machine with 1 GiB shows a little less. */
const leastMemoryKiB = 900 * 1024;

/** Everything that can be known before the machine is touched, and a rehearsal of the load itself. */
export const preflight: Phase<NixosFacts, NixosContext> = {
  name: "preflight",
  deadlineSeconds: (context) => context.spec.deadlines.phaseSeconds,
  isDone: isInstaller,
  async run(context, facts) {
    const { spec, notes, progress } = context;
    refuse(preflightProblems(spec, facts));
    notes.disksBefore = recordDisks(facts, spec.disks);
    const image = await kexecImage(spec.kexecImages[0] ?? {}, progress);
    refuse(spaceProblems(facts, image));
    await uploadBundle(context, image);
    notes.installer = { ...(await rehearseKexec(context)), sha256: image.sha256 };
  },
  verify(after, { notes }) {
    return after.kexec.loaded
      ? {
          code: "kexec-load-failed",
          what: "the rehearsed kernel is still loaded",
          expected: "/sys/kernel/kexec_loaded 0 after the rehearsal",
          seen: "1",
          next: "unload it with `kexec -u`, and find out who else uses kexec on this machine",
        }
      : {
          proved: `the installer's kernel ${notes.installer?.kernelRelease ?? ""} can be loaded (rehearsed, unloaded again)`,
        };
  },
};

export interface Problem {
  expected: string;
  seen: string;
}

/** A table of what a machine must be, against what the probe saw. */
export function preflightProblems(spec: NixosSpec, facts: NixosFacts): Problem[] {
  const { __needs: needs } = spec.inputs;
  const wrongDisks = identityProblems(facts, spec.disks);
  const table: [boolean, string, string][] = [
    [facts.uid === 0, "root, directly or by sudo without a password", `uid ${facts.uid}`],
    [
      needs.system === "" || needs.system.split("-")[0] === facts.architecture,
      `a machine for ${needs.system}`,
      `uname -m says ${facts.architecture}`,
    ],
    [
      needs.bootMode === "" || needs.bootMode === facts.bootMode,
      `a machine booted by ${needs.bootMode}`,
      `booted by ${facts.bootMode}`,
    ],
    [
      facts.memoryKiB >= leastMemoryKiB,
      `at least ${bytes(leastMemoryKiB * 1024)} of RAM`,
      bytes(facts.memoryKiB * 1024),
    ],
    [facts.container === "", "a machine with a kernel of its own", `a ${facts.container} container`],
    [!facts.kexec.loadDisabled, "kernel.kexec_load_disabled = 0", "1: only a reboot can undo it"],
    [
      facts.kexec.lockdown === "none",
      "no kernel lockdown (Secure Boot off)",
      `lockdown=${facts.kexec.lockdown}`,
    ],
    [
      facts.missingTools.length === 0,
      "the tools that the install needs",
      `missing: ${facts.missingTools.join(", ")}`,
    ],
    [wrongDisks.length === 0, "the declared disks", wrongDisks.join("; ")],
  ];
  return table.flatMap(([fine, expected, seen]) => (fine ? [] : [{ expected, seen }]));
}

/** The tarball, what is unpacked from it, and the initrd that `run` makes a larger copy of. */
function spaceProblems(facts: NixosFacts, image: KexecImage): Problem[] {
  const needed = image.sizeBytes * 3;
  const free = (facts.freeKiB["/root"] ?? 0) * 1024;
  return free >= needed
    ? []
    : [{ expected: `${bytes(needed)} free in /root for the installer`, seen: bytes(free) }];
}

function refuse(problems: Problem[]): void {
  if (problems.length === 0) return;
  throw new HostError("preflight-refused", {
    what: "the machine cannot be installed as it is; nothing was changed",
    expected: problems.map((problem) => problem.expected).join("; "),
    seen: problems.map((problem) => problem.seen).join("; "),
    next: "correct what is named, then run pulumi up again",
  });
}
