import { quote } from "../core/quote";
import type { HostSession } from "./session";

const longestWaitSeconds = 60;

/**
 * Drivers and udev may still be at work when the installer answers. Whether the disks are there in the end is for the
 * next probe to say: this only gives them the time.
 */
export async function waitForDisks(session: HostSession, devices: readonly string[]): Promise<void> {
  const look = devices.map((device) => `[ -b ${quote(device)} ]`).join(" && ") || ":";
  await giveTime(
    session,
    `i=0
${settle}
until ${look}; do
  i=$((i+1)); [ $i -gt ${longestWaitSeconds} ] && exit 1
  sleep 1
done`,
    longestWaitSeconds + settleSeconds + 30,
  );
}

/** After disko: partitions and mounts that are still on their way are seen by what looks next. */
export async function settleDisks(session: HostSession): Promise<void> {
  await giveTime(session, `${settle}\ntrue`, settleSeconds + 30);
}

/** A connection that breaks here is no failure: the probe that follows opens another one, and judges. */
async function giveTime(session: HostSession, script: string, deadlineSeconds: number): Promise<void> {
  await session.run(script, { deadlineSeconds }).catch(() => undefined);
}

const settleSeconds = 30;
const settle = `command -v udevadm >/dev/null 2>&1 && udevadm settle --timeout=${settleSeconds}`;

/** What the kernel has to say about disks: I/O errors, partition tables that it could not read again. */
export async function kernelWordsOnDisks(session: HostSession): Promise<string> {
  const words = await session
    .run(
      `dmesg 2>/dev/null | grep -iE 'partition|re-read|I/O error|blk_update|device-mapper|md[0-9/]|[sv]d[a-z]|nvme|mmcblk' | tail -n 12`,
      { deadlineSeconds: 30 },
    )
    .catch(() => undefined);
  return words?.stdout.trim() ?? "";
}
