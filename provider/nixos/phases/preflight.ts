import { bytes } from "../../core/format";
import type { Phase } from "../../core/phase";
import { problemsIn, refuse, type Problem } from "../../host/problems";
import { unlockProblem } from "../boot-unlock";
import type { DiskRecord, NixosContext } from "../context";
import { demandsOf, identityProblems, recordDisks, requireSameContent } from "../disk-check";
import { isInstaller, type NixosFacts } from "../facts";
import { receiptSays } from "../install-receipt";
import { lockedReference, unlockedFlakes } from "../kexec-flake";
import { imageName, imagesFor } from "../kexec-reference";
import { rehearseNext } from "../kexec-rehearsal";
import type { NixosSpec } from "../spec";

/** nixos-images wants 1 GB; of that a machine with 1 GiB shows a little less. */
const leastMemoryKiB = 900 * 1024;

/** What the bundle's run calls, and nothing after it. */
const kexecTools = ["cpio", "gzip"];

/** Everything that can be known before the machine is touched, and a rehearsal of the load itself. */
export const preflight: Phase<NixosFacts, NixosContext> = {
  name: "preflight",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds * Math.max(1, spec.kexecImages.length),
  isDone: (facts, context) => isInstaller(facts) && receiptSays(facts, context, "kexec"),
  async run(context, facts) {
    const { spec, notes } = context;
    refuse(
      preflightProblems(spec, facts, notes.disksAgreed ?? notes.disksBefore),
      "the machine cannot be installed as it is; nothing was changed",
    );
    const next =
      "see what is on it now. If it may go, run pulumi refresh, so that it is recorded, then run pulumi up again";
    requireSameContent(facts, demandsOf(spec), notes.disksAgreed ?? [], next);
    notes.disksBefore = recordDisks(facts, spec.disks);
    // An installer that somebody else booted is left as it is.
    if (isInstaller(facts)) return;
    notes.installer = await rehearseNext(context, facts);
  },
  verify(after, { notes }) {
    if (isInstaller(after)) {
      return {
        proved: `${after.osRelease.prettyName}, kernel ${after.kernelRelease}, is an installer: no kexec is needed`,
      };
    }
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

/** A table of what a machine must be, against what the probe saw. */
export function preflightProblems(
  spec: NixosSpec,
  facts: NixosFacts,
  before: readonly DiskRecord[] = [],
): Problem[] {
  const { __needs: needs } = spec.inputs;
  const wrongDisks = identityProblems(facts, demandsOf(spec), before);
  const locked = unlockProblem(spec);
  const inInstaller = isInstaller(facts);
  const missing = facts.missingTools.filter((tool) => !inInstaller || !kexecTools.includes(tool));
  return problemsIn([
    [facts.uid === 0, "root, directly or by sudo", `uid ${facts.uid}`],
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
    [facts.container === "", "a machine with a kernel of its own", `a ${facts.container} container`],
    [missing.length === 0, "the tools that the install needs", `missing: ${missing.join(", ")}`],
    [wrongDisks.length === 0, "the declared disks", wrongDisks.join("; ")],
    [
      spec.phases.includes("kexec"),
      "an installer that runs already, because install.phases has no kexec",
      `${facts.osRelease.prettyName}, kernel ${facts.kernelRelease}`,
    ],
    [locked === undefined, locked?.expected ?? "", locked?.seen ?? ""],
  ]).concat(inInstaller ? [] : kexecProblems(spec, facts));
}

/** What only a machine needs that must be left by kexec. */
function kexecProblems({ kexecImages }: NixosSpec, facts: NixosFacts): Problem[] {
  const images = imagesFor(kexecImages, facts.architecture);
  const others = kexecImages.map((image) => `${imageName(image)} for ${image.architecture ?? "any"}`);
  const unlocked = unlockedFlakes(images);
  return problemsIn([
    [
      facts.memoryKiB >= leastMemoryKiB,
      `at least ${bytes(leastMemoryKiB * 1024)} of RAM`,
      bytes(facts.memoryKiB * 1024),
    ],
    [!facts.kexec.loadDisabled, "kernel.kexec_load_disabled = 0", "1: only a reboot can undo it"],
    [
      facts.kexec.lockdown === "none",
      "no kernel lockdown (Secure Boot off)",
      `lockdown=${facts.kexec.lockdown}`,
    ],
    [
      images.length > 0 || kexecImages.length === 0,
      `an image of install.kexec for ${facts.architecture}`,
      others.join(", "),
    ],
    [unlocked.length === 0, lockedReference, unlocked.join(", ")],
  ]);
}
