import { checkStaged } from "../../../provider/fcos/phases/check-staged";
import type { Deployment, FcosFacts } from "../../../provider/fcos/types";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import { imageIn, newDigest, newKernel, oldKernel } from "../support/fcos-builders";
import { fcosContext, fcosFacts, newOne, oldOne, stagedNew } from "../support/fcos-facts";

function verdict(next: Deployment, facts: Partial<FcosFacts> = {}, inputs: Partial<FcosHostInputs> = {}) {
  const after = fcosFacts({ deployments: [next, oldOne({ booted: true })], ...facts });
  return checkStaged.verify(after, fcosContext(inputs), after);
}

const [kernel] = newOne().kernels as [Deployment["kernels"][0]];
const withKernel = (changes: Partial<typeof kernel>): Deployment =>
  stagedNew({ kernels: [{ ...kernel, ...changes }] });
const entry = newOne().bootEntry as NonNullable<Deployment["bootEntry"]>;

test.each<[string, RegExp, Deployment]>([
  ["no kernel", /one kernel in \/usr\/lib\/modules/, stagedNew({ kernels: [] })],
  ["two kernels", /one kernel/, stagedNew({ kernels: [kernel, { ...kernel, release: oldKernel }] })],
  ["another kernel", /the kernel 6\.12/, withKernel({ release: oldKernel })],
  ["an empty kernel", /vmlinuz/, withKernel({ kernelBytes: 0 })],
  ["no initramfs, the seed of the panic", /initramfs\.img/, withKernel({ initramfsBytes: 0 })],
  ["no index of the modules", /modules\.dep/, withKernel({ hasModulesDep: false })],
  ["no boot entry of what is not staged", /boot entry/, newOne({ bootEntry: undefined })],
  ["a boot entry without an initrd", /boot entry/, newOne({ bootEntry: { ...entry, initrd: "" } })],
  ["a boot entry without a kernel", /boot entry/, newOne({ bootEntry: { ...entry, linux: "" } })],
])("%s is caught before the reboot", (_, expected, next) => {
  expect(verdict(next)).toMatchObject({
    code: "staged-check-failed",
    what: expect.stringContaining("was not rebooted") as string,
    expected: expect.stringMatching(expected) as string,
  });
});

test("no room in /boot for the kernel that finalizing would copy", () => {
  const full = { freeBytes: { boot: 1e6, sysroot: 5e9 } };
  expect(verdict(stagedNew(), full)).toMatchObject({
    code: "staged-check-failed",
    seen: "976.6 KiB free there",
  });
  // The same kernel lies there already.
  expect(
    verdict(stagedNew({ kernels: oldOne().kernels }), full, imageIn(newDigest, oldKernel)),
  ).toHaveProperty("proved");
});

test.each([
  ["staged", stagedNew()],
  ["finalized, or from the disk", newOne()],
])("what can boot is proved: %s", (_, next) => {
  expect(verdict(next)).toEqual({
    proved: `sha256:${newDigest.slice(7, 19)}, kernel ${newKernel}: initramfs 76.3 MiB, modules.dep is there`,
  });
});

test("a kernel that nobody declares is whatever the image has", () => {
  expect(verdict(withKernel({ release: "6.13.1" }), {}, imageIn(newDigest))).toHaveProperty("proved");
});
