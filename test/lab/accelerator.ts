import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache";
import { kernel } from "./debian";
import { quote, run, type Log } from "./shell";

// QEMU 7.2 translates cmpxchg16b without saving the flags first. Linux' allocator uses it, and one boot in ten
// dies of an interrupt right after it (double fault); without the feature Linux does without the instruction.
// With room for one processor only, it also leaves out the memory barriers of what the guest runs (lock, mfence),
// although QEMU's own I/O thread works beside it: an interrupt of a disk or network card got lost, and the guest
// waited for ever. Room for a second one brings them back.
const TCG = ["-accel", "tcg,tb-size=512", "-cpu", "max,-cx16", "-smp", "1,maxcpus=2"];
const KVM = ["-accel", "kvm", "-cpu", "host", "-smp", "2"];
const PROBE_SECONDS = 10;

/**
 * QEMU's arguments for the fastest processors that work. A /dev/kvm that opens proves nothing: on some
 * machines stock kernels hang on it. So one is booted, once in a boot of this machine.
 */
export async function accelerator(log: Log): Promise<string[]> {
  if (!existsSync("/dev/kvm")) return TCG;
  const bootId = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
  const folder = await cached("accelerator", bootId, async (dir) => {
    log(`trying whether KVM works (at most ${PROBE_SECONDS} s)`);
    await writeFile(join(dir, "name"), (await kvmBootsLinux()) ? "kvm" : "tcg");
  });
  return (await readFile(join(folder, "name"), "utf8")) === "kvm" ? KVM : TCG;
}

/** Without a root file system a kernel that works panics, after it has started everything else. */
async function kvmBootsLinux(): Promise<boolean> {
  const { bzImage } = await kernel("a");
  const qemu = ["qemu-system-x86_64", ...KVM, "-machine", "q35", "-m", "512", "-display", "none"]
    .concat(["-nodefaults", "-no-reboot", "-serial", "stdio", "-kernel", bzImage])
    .concat(["-append", "console=ttyS0 panic=-1"]);
  const result = await run("sh", ["-c", `exec ${qemu.map(quote).join(" ")} 2>&1`], {
    timeoutSeconds: PROBE_SECONDS,
  });
  return (
    result.stdout.includes("Linux version") &&
    /Cannot open root device|Unable to mount root fs/.test(result.stdout)
  );
}
