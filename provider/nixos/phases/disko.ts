import { HostError } from "../../core/errors";
import type { Phase, Refutation } from "../../core/phase";
import { quote } from "../../core/quote";
import { kernelWordsOnDisks, settleDisks, waitForDisks } from "../../host/disk-nodes";
import { refuseRunningJob, runJob, type JobResult } from "../../host/job";
import { keepReceipt } from "../../host/receipt";
import { requireUnlockWay } from "../boot-unlock";
import { copyClosure } from "../closure";
import { observe, type NixosContext } from "../context";
import { withDiskKeys } from "../disk-keys";
import { demandsOf, describeDisk, recordDisks, requireDisks, requireSameContent } from "../disk-check";
import { usageOf } from "../disk-usage";
import { inWords, writesToDisks } from "../disko-mode";
import { isInstaller, requireInstaller, type NixosFacts } from "../facts";
import { diskoBegan, installReceipt, receiptSays } from "../install-receipt";

/** Wipes, formats and mounts. Before that the disks prove once more, in the installer, that they are the declared ones. */
export const disko: Phase<NixosFacts, NixosContext> = {
  name: "disko",
  deadlineSeconds: ({ spec }) => spec.deadlines.phaseSeconds,
  pastNoReturn: true,
  isDone: (facts, context) =>
    receiptSays(facts, context, "disko") && (facts.target.mounted || receiptSays(facts, context, "install")),
  async run(context, before) {
    const { spec, session, progress } = context;
    requireInstaller(before, "disko");
    requireUnlockWay(spec);
    await refuseRunningJob(session, "disko");
    await refuseRunningJob(session, "install");
    await copyClosure(context, spec.inputs.__diskoScript, "");
    progress.detail("looking at the disks once more");
    await releaseLeftovers(context, before);
    await waitForDisks(
      session,
      spec.disks.map((disk) => disk.device),
    );
    const now = await observe(context);
    requireInstaller(now, "disko");
    await requireNodes(context, now);
    refuseOtherDisks(context, now);
    const job = await withDiskKeys(context, now, async (keys) => {
      progress.lasting(`${inWords(spec).doing} ${recordDisks(now, spec.disks).map(describeDisk).join(", ")}`);
      const wiping = writesToDisks(spec) || diskoBegan(now, context);
      const receipt = installReceipt(context, now, ["kexec"], { wiping });
      await keepReceipt(session, receipt, { installer: true, mounted: false });
      context.notes.diskoBegan = wiping;
      return runJob(session, {
        name: "disko",
        script: diskoJob(spec.inputs.__diskoScript, keys),
        deadlineSeconds: spec.deadlines.phaseSeconds,
        onLine: (line) => {
          progress.log(line);
          progress.detail(line);
        },
      });
    });
    if (job.exitCode !== 0) throw await scriptFailed(context, job);
    await settleDisks(session);
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
    const layout = writesToDisks(spec) ? "the new layout" : "the layout that was there";
    return { proved: `${spec.mountpoints.join(", ")} of ${layout} mounted below /mnt` };
  },
};

/** The newer scripts of disko are packages with one program in them. */
function diskoJob(script: string, keys: readonly string[]): string {
  return [
    `script=${script}`,
    '[ -d "$script" ] && script=$(echo "$script"/bin/*)',
    '"$script"',
    ...(keys.length > 0 ? ["code=$?", `rm -f ${keys.map(quote).join(" ")}`, "exit $code"] : []),
  ].join("\n");
}

/** What was declared, what the old system saw, and what the state showed when a reinstall was agreed to. */
function refuseOtherDisks(context: NixosContext, now: NixosFacts): void {
  const { spec, notes } = context;
  const demands = demandsOf(spec);
  const seenBefore = notes.disksBefore ?? installReceipt(context, now, []).disks;
  requireDisks(now, demands, seenBefore);
  // Our own attempt of before may have stopped anywhere between the old content and the new one.
  if (diskoBegan(now, context)) return;
  const next =
    "see what is on it now. If it may go: reboot the machine into its own system, then run pulumi up again";
  requireSameContent(now, demands, seenBefore, next);
  requireSameContent(now, demands, notes.disksAgreed ?? [], next);
  notes.disksBefore ??= recordDisks(now, spec.disks);
}

/**
 * What our own earlier attempt left in use. What is mounted below /mnt goes when the receipt is of this machine; swap
 * and what is stacked on the disks only when it says that disko began: before that it is somebody else's. The look that
 * follows refuses whatever is still in use.
 */
async function releaseLeftovers(context: NixosContext, facts: NixosFacts): Promise<void> {
  const { spec, session } = context;
  if (facts.receipt?.machine !== spec.machine || !isInstaller(facts)) return;
  // Of whatever layout: the user was told to correct it.
  const began =
    diskoBegan(facts, context) || facts.receipt.wiping === true || facts.receipt.done.includes("disko");
  const uses = began ? usageOf(facts, spec.disks).filter(({ release }) => !/^(umount |$)/.test(release)) : [];
  if (!facts.target.mounted && uses.length === 0) return;
  const release = ["umount -R /mnt", ...new Set(uses.map((use) => use.release))];
  await session.run(release.join("\n"), { deadlineSeconds: 60 });
}

async function requireNodes({ spec, session }: NixosContext, now: NixosFacts): Promise<void> {
  const missing = spec.disks.filter(({ device }) => now.devices[device] === undefined);
  if (missing.length === 0) return;
  const words = await kernelWordsOnDisks(session);
  throw new HostError("device-missing", {
    what: "a declared disk does not appear in the installer; nothing was changed",
    expected: `${missing.map((disk) => disk.device).join(", ")} within 60 s`,
    seen: `disks here: ${now.disks.map((disk) => `${disk.path}${disk.serial && ` (serial ${disk.serial})`}`).join(", ") || "none"}`,
    next: "is the disk's driver in the installer, and does udev there give it this name? The machine's console and dmesg tell; else use another installer or another path, then run pulumi up again",
    ...(words && { log: words }),
  });
}

/** What parted, sfdisk, sgdisk and mkfs say when the kernel has not taken over what was just written. */
const oldTable =
  /re-?read(ing)? (the )?partition|table was not re-?read|the old partition table|inform the kernel|by-partlabel\/\S+:? (does not exist|no such file)/i;

async function scriptFailed({ spec, session }: NixosContext, job: JobResult): Promise<HostError> {
  const words = await kernelWordsOnDisks(session);
  const stale = oldTable.test(`${job.output}\n${words}`);
  return new HostError("disko-failed", {
    what: `disko's script failed: ${inWords(spec).failed}`,
    expected: "exit code 0",
    seen: `exit code ${job.exitCode}: ${job.output.trim().split("\n").at(-1) ?? ""}`,
    next: stale
      ? "no system: the installer still runs. The kernel may still use the old partition table, because something holds the disk: look with lsblk in the installer and release it, then run pulumi up again; it starts at disko"
      : "no system: the installer still runs. Correct the layout, then run pulumi up again; it starts at disko",
    log: [job.output, words && `the kernel on the disks:\n${words}`].filter(Boolean).join("\n"),
  });
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
