import { preflight, preflightProblems } from "../../../provider/nixos/phases/preflight";
import { specOf } from "../../../provider/nixos/spec";
import { contextOf, debianFacts, device, disk, inputsOf, part } from "../support/builders";
import type { NixosFacts } from "../../../provider/nixos/facts";

const problems = (facts: Partial<NixosFacts>, inputs = inputsOf()) =>
  preflightProblems(specOf(inputs), debianFacts(facts));
const kexec = { loadDisabled: false, loaded: false, lockdown: "none" };

test("a machine that can be installed", () => expect(problems({})).toEqual([]));

test.each<[string, Partial<NixosFacts>, RegExp, RegExp]>([
  ["another user", { uid: 1000 }, /^root/, /^uid 1000$/],
  ["another architecture", { architecture: "aarch64" }, /for x86_64-linux/, /aarch64/],
  ["another boot mode", { bootMode: "uefi" }, /booted by bios/, /booted by uefi/],
  ["too little memory", { memoryKiB: 900 * 1024 - 1 }, /at least 900\.0 MiB/, /^900\.0 MiB$/],
  ["a container", { container: "lxc" }, /kernel of its own/, /a lxc container/],
  ["kexec switched off", { kexec: { ...kexec, loadDisabled: true } }, /kexec_load_disabled = 0/, /reboot/],
  ["lockdown", { kexec: { ...kexec, lockdown: "integrity" } }, /no kernel lockdown/, /lockdown=integrity/],
  ["a missing tool", { missingTools: ["cpio", "tar"] }, /tools/, /missing: cpio, tar/],
  [
    "another disk",
    { disks: [disk({ readOnly: true })] },
    /declared disks/,
    new RegExp(`${device} is read-only`),
  ],
])("%s alone is refused, by its own line", (_, facts, expected, seen) => {
  const found = problems(facts);
  expect(found).toHaveLength(1);
  expect(found[0]?.expected).toMatch(expected);
  expect(found[0]?.seen).toMatch(seen);
});

const needing = (needs: object, install: object = {}) =>
  inputsOf({
    __needs: { system: "", bootMode: "", ...needs },
    install: { disks: [{ device }], ...install },
  });

test("a disk smaller than the layout", () => {
  const found = problems({}, needing({ diskBytes: { [device]: 5 * 1024 ** 3 } }));
  expect(found).toEqual([
    { expected: "the declared disks", seen: `${device} has 4.0 GiB, the layout needs at least 5.0 GiB` },
  ]);
  expect(problems({}, needing({ diskBytes: { [device]: 4 * 1024 ** 3 } }))).toEqual([]);
});

test.each<[string, object, number]>([
  ["refused", {}, 1],
  ["allowed when the program says how it is unlocked", { encryptedRootUnlock: "console" }, 0],
  ["no matter while it is not rebooted into", { phases: ["kexec"] }, 0],
])("a boot that would wait for a passphrase is %s", (_, install, count) => {
  const found = problems({}, needing({ passphrases: ["crypted"] }, install));
  expect(found).toHaveLength(count);
  expect(found.map((each) => each.seen).join()).toMatch(count ? /wait for a passphrase of crypted/ : /^$/);
});

test("phases that need an installer are told in the preview of a live system", () => {
  const [found] = problems({}, needing({}, { phases: ["disko", "install"] }));
  expect(found?.expected).toContain("an installer that runs already");
  expect(found?.seen).toContain("Debian");
});

test("just enough memory is enough", () => expect(problems({ memoryKiB: 900 * 1024 })).toEqual([]));

test("several problems are told at once", () =>
  expect(problems({ uid: 1, container: "docker" })).toHaveLength(2));

test("nothing is asked of a machine of which nothing is needed", () => {
  const inputs = inputsOf({ __needs: { system: "", bootMode: "" } });
  expect(problems({ architecture: "riscv64", bootMode: "uefi" }, inputs)).toEqual([]);
});

test("a disk that is mounted in the old system is no problem yet: kexec leaves that system", () => {
  expect(problems({ disks: [disk({ parts: [part({ mountpoint: "/" })] })] })).toEqual([]);
});

test("a kernel that is still loaded after the rehearsal refutes it", () => {
  const verdict = (loaded: boolean) => {
    const after = debianFacts({ kexec: { ...kexec, loaded } });
    return preflight.verify(after, contextOf(), debianFacts());
  };
  expect(verdict(true)).toMatchObject({ code: "kexec-load-failed" });
  expect(verdict(false)).toMatchObject({ proved: expect.stringContaining("rehearsed") as string });
});
