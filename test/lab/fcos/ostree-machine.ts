import { accelerator } from "../accelerator";
import { runFolder } from "../cache";
import { freePort, Machine } from "../machine";
import { defaultLog, quote, sh, sleep } from "../shell";
import type { FcosLab } from "./index";
import { ostreeDisk } from "./ostree-disk";

/** The emulated processors die of an interrupt now and then, which says nothing about the image. */
const TRIES = 3;
const DEADLINE_SECONDS = 300;
const END = /lab: booted with kernel \S+|end Kernel panic|Entering emergency mode/;

/** Deploys an image on a new machine and starts it; what its serial line said until it was up, or would never be. */
export async function bootImage(lab: FcosLab, image: string): Promise<string> {
  const dir = runFolder("fcos-machine");
  const raw = await ostreeDisk(lab, image, dir);
  const disk = `${dir}/disk.qcow2`;
  await sh(`qemu-img create -q -f qcow2 -F raw -b ${quote(raw)} ${quote(disk)}`);
  const machine = new Machine(dir, disk, await freePort(), [
    ...(await accelerator(defaultLog)),
    ...["-m", "1536", "-device", "virtio-blk-pci,drive=disk,bootindex=1"],
  ]);
  try {
    for (let left = TRIES; ; left--) {
      await machine.powerOn();
      const serial = await untilItsEnd(machine);
      if (left === 1 || !/Oops|Fatal exception in interrupt/.test(serial)) return serial;
      await machine.powerCut();
    }
  } finally {
    await machine.kill();
    machine.killAndRemove();
  }
}

/** The deadline is an answer, too: the test shows what was on the line. */
async function untilItsEnd(machine: Machine): Promise<string> {
  for (let seconds = 0; seconds < DEADLINE_SECONDS; seconds++) {
    await sleep(1);
    if (END.test(await machine.serialSincePowerOn())) break;
  }
  await sleep(1); // the rest of the last lines
  return machine.serialSincePowerOn();
}
