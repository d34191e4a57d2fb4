import { HostError } from "../../core/errors";
import type { Phase, Refutation } from "../../core/phase";
import { refuseRunningJob, runJob } from "../../host/job";
import { copyClosure } from "../closure";
import { observe, type NixosContext } from "../context";
import { quote } from "../../core/quote";
import { describeDisk, findDisk, isSwap, recordDisks, requireDisks } from "../disk-check";
import { isInstaller, requireInstaller, type NixosFacts } from "../facts";
import { installReceipt, receiptSays } from "../install-receipt";
import { keepReceipt } from "../../host/receipt";

/** Wipes, formats and mounts. Before that the disks prove once more, in the installer, that they are the declared ones. */
export const disko: Phase<NixosFacts, NixosContext> = {
  name: "disko",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  pastNoReturn: true,
  isDone: (facts, context) =>
    receiptSays(facts, context, "disko") && (facts.target.mounted || receiptSays(facts, context, "install")),
  async run(context, before) {
    const { spec, session, progress, notes } = context;
    requireInstaller(before, "disko");
    await refuseRunningJob(session, "disko");
    await refuseRunningJob(session, "install");
    await copyClosure(context, spec.inputs.__diskoScript, "");
    progress.detail("looking at the disks once more");
    await releaseLeftovers(context, before);
    const now = await observe(context);
    requireInstaller(now, "disko");
    requireDisks(now, spec.disks, notes.disksBefore ?? installReceipt(context, now, []).disks);
    notes.disksBefore ??= recordDisks(now, spec.disks);
    progress.lasting(`wiping ${recordDisks(now, spec.disks).map(describeDisk).join(", ")}`);
    await keepReceipt(session, installReceipt(context, now, ["kexec"]), { installer: true, mounted: false });
    const job = await runJob(session, {
      name: "disko",
      script: spec.inputs.__diskoScript,
      deadlineSeconds: spec.deadlines.phaseSeconds,
      onLine: (line) => {
        progress.log(line);
        progress.detail(line);
      },
    });
    if (job.exitCode !== 0) {
      throw new HostError("disko-failed", {
        what: "disko's script failed: the disks are neither what they were nor what was declared",
        expected: "exit code 0",
        seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
        next: "no system: the installer still runs. Correct the layout, then run pulumi up again; it starts at disko",
        log: job.output,
      });
    }
  },
  verify(after, { spec }) {
    const mounted = new Set(after.mounts.map((mount) => mount.target));
    const missing = spec.mountpoints
      .map((point) => `/mnt${point === "/" ? "" : point}`)
      .filter((path) => !mounted.has(path));
    if (missing.length > 0) return notMounted(`${missing.join(", ")} mounted`, "not mounted");
    const ours = [...spec.disks.map((disk) => disk.device), ...spec.inputs.layout.kept];
    const targets = new Set(ours.map((device) => after.devices[device]));
    const strangers = after.disks
      .filter((disk) => !targets.has(disk.path))
      .flatMap((disk) =>
        disk.parts
          .filter((part) => /^\/mnt(\/|$)/.test(part.mountpoint))
          .map((part) => `${part.path} at ${part.mountpoint}`),
      );
    if (strangers.length > 0)
      return notMounted("only file systems of the declared disks below /mnt", strangers.join(", "));
    return { proved: `${spec.mountpoints.join(", ")} of the new layout mounted below /mnt` };
  },
};

/** What our own earlier attempt left mounted, as our receipt says. Anything else that uses a disk stops the phase. */
async function releaseLeftovers({ spec, session }: NixosContext, facts: NixosFacts): Promise<void> {
  if (facts.receipt?.machine !== spec.machine || !isInstaller(facts)) return;
  const swaps = spec.disks
    .flatMap(({ device }) => findDisk(facts, device)?.parts ?? [])
    .filter((part) => isSwap(part, facts));
  if (!facts.target.mounted && swaps.length === 0) return;
  const release = ["umount -R /mnt", ...swaps.map((part) => `swapoff ${quote(part.path)}`)];
  await session.run(release.join("\n"), { deadlineSeconds: 60 });
}

function notMounted(expected: string, seen: string): Refutation {
  return {
    code: "disko-failed",
    what: "disko's script said 0, but the layout is not there",
    expected,
    seen,
    next: "no system: the installer still runs. Read the script's output on the host: /run/pulumi-immutable-os/jobs/disko/log",
  };
}
