import { consequences, requireReinstallConsent } from "../../../provider/nixos/consequences";
import { alpha, beta, device, inputsOf, stateWith } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const inputs = inputsOf();
const moved = inputsOf({
  booted: { kernelRelease: "6.12.0-d", toplevel: beta },
  current: { toplevel: beta },
  bootDefault: { toplevel: beta },
  __bootKey: "beefbeefbeefbeef",
});
const sameKernel = inputsOf({
  ...moved,
  booted: { kernelRelease: "6.1.0-c", toplevel: beta },
  __bootKey: inputs.__bootKey,
});
const otherLayout = inputsOf({ layout: { ...inputs.layout, hash: "ffffffffffffffff" } });
const line = (state = stateWith(), news = inputs) => consequences(state, news).lines.join("\n");

test("nothing changes: nothing is said", () =>
  expect(consequences(stateWith(), inputs)).toEqual({ reinstall: false, lines: [] }));

test.each([
  [
    "another kernel",
    moved,
    /; reboot, because the kernel changes: 6\.1\.0-c → 6\.12\.0-d; the disks stay as they are$/,
  ],
  [
    "initrd or parameters",
    { ...sameKernel, __bootKey: "x" },
    /; reboot, because initrd or kernel parameters change;/,
  ],
  ["neither", sameKernel, /; no reboot: kernel, initrd and parameters stay the same;/],
])("an update with %s", (_, news, words) => {
  expect(line(stateWith(), news)).toMatch(
    /^update: aaaaaaaa…-nixos-system-alpha-25\.05 → bbbbbbbb…-nixos-system-beta-25\.05/,
  );
  expect(line(stateWith(), news)).toMatch(words);
});

test("a system of the history is called an earlier one", () => {
  const history = [{ toplevel: beta, kernelRelease: "6.12.0-d", at: "2025-01-01T00:00:00.000Z" }];
  expect(line(stateWith({ history }), moved)).toContain("an earlier system that is still on the host");
  expect(line(stateWith(), moved)).not.toContain("earlier");
});

test.each([
  ["the kernel", { booted: { kernelRelease: "5.10", toplevel: alpha } }],
  ["the booted system", { booted: { kernelRelease: "6.1.0-c", toplevel: beta } }],
  ["the current system", { current: { toplevel: beta } }],
  ["the boot default", { bootDefault: { toplevel: beta } }],
])("drift of %s is a reason to act", (_, observed) => expect(line(stateWith(observed))).toMatch(/^update: /));

describe("a reinstall", () => {
  const trigger = inputsOf({ install: { ...inputs.install, reinstallTrigger: "again" } });
  const other = "/dev/disk/by-id/virtio-LAB2";
  const otherDisk = inputsOf({
    install: { kexec: { path: "b" }, disks: [{ device: other }] },
    layout: { ...inputs.layout, devices: [other] },
  });

  test.each([
    ["the disk layout changed", otherLayout, `${device} (serial LAB1, 4.0 GiB; holds ext4 at /)`],
    ["install.reinstallTrigger changed", trigger, `${device} (serial LAB1, 4.0 GiB; holds ext4 at /)`],
    ["the disks changed", otherDisk, other],
  ])("because %s names the disks, what is on them, and the reboots", (reason, news, disks) => {
    expect(consequences(stateWith(), news)).toEqual({
      reinstall: true,
      lines: [
        `REINSTALL: ${reason}. WIPES ${disks}. Reboots: into the installer by kexec, then into aaaaaaaa…-nixos-system-alpha-25.05`,
      ],
    });
  });

  test.each([
    ["by path", [device]],
    ["by serial, as the state knows it", ["LAB1"]],
  ])("has consent %s", (_, allowReinstall) => {
    const news = { ...otherLayout, install: { ...otherLayout.install, allowReinstall } };
    expect(() => requireReinstallConsent(stateWith(), news)).not.toThrow();
  });

  test("without consent says why, for which disks, and what to do", async () => {
    const news = { ...otherLayout, install: { ...otherLayout.install, allowReinstall: ["LAB9"] } };
    const error = await failureOf(() => requireReinstallConsent(stateWith(), news));
    expect(error.text()).toMatch(/^the disk layout changed: .*reinstalled \[reinstall-refused\]/);
    expect(error.details.expected).toBe(`install.allowReinstall to name ${device}`);
    expect(error.details).toMatchObject({
      seen: '["LAB9"]',
      next: expect.stringMatching(/allowReinstall; else take the change back$/) as string,
    });
  });
});

test("an adoption that stopped is gone on with, and wipes nothing", () => {
  const adopting = { ...inputs, adopt: true };
  const stopped = stateWith({ phase: "", unfinished: "boot entry", __installed: { installKey: "" } });
  expect(line(stopped, adopting)).toMatch(
    /^ADOPT goes on: nothing is wiped; the machine is moved to aaaaaaaa/,
  );
  expect(line(stopped, adopting)).not.toContain("WIPES");
});

test("an install that stopped half-way is gone on with, and says whether it still wipes", () => {
  const before = stateWith({ phase: "kexec", unfinished: "disko", __installed: { installKey: "" } });
  expect(line(before)).toMatch(
    /^the install goes on after the phase kexec; WIPES .*LAB1.*; reboots into aaaaaaaa/,
  );
  const after = stateWith({ phase: "disko", unfinished: "install" });
  expect(line(after)).toContain("after the phase disko; the disks are wiped already; reboots into");
  const left = stateWith({ phase: "kexec", unfinished: "disko" });
  expect(line(left)).toMatch(/^the machine was left in the installer, .*: reboot it, up refuses to go on$/);
});
