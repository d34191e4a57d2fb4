import { newSystem, patientBoot } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { Quirks } from "./machine-parts";
import type { Props } from "./provider-process";
import { failed, parseError, partial, Stage } from "./support";
import { makeKey } from "./ssh-host";

const stage = new Stage();

async function declared(quirks: Quirks, connection: Props = {}): Promise<{ machine: Machine; news: Props }> {
  const machine = await stage.machine(quirks);
  return { machine, news: stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90"), connection }) };
}

test("silent kexec failure: the kernel's own words, nothing wiped, nothing kept", async () => {
  const { machine, news } = await declared({ kexecDoesNothing: true }, patientBoot);
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({
    phase: "kexec",
    code: "silent-kexec-failure",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toContain("kexec said 0, but the old kernel still runs");
  expect(message).toContain("/sys/kernel/kexec_loaded 0");
  expect(message).toContain("Nothing has been loaded");
  expect(message).toContain(machine.ram.bootId);
  expect(machine.disk.wiped).toBe(0);
  expect(machine.connections).toBe(1);
});

test("another kernel than the bundle's comes up: not the installer, nothing wiped", async () => {
  const { machine, news } = await declared({ kernelAfterKexec: "5.10.0-other" });
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ phase: "kexec", code: "installer-not-proved" });
  expect(message).toMatch(/seen: +kernel 5\.10\.0-other/);
  expect(props["hostKeys"]).toEqual([machine.hostKey.publicKey]);
  expect(machine.disk.wiped).toBe(0);
});

test.each(["debian", "installer", "nixos"] as const)(
  "another host key in %s stops everything",
  async (system) => {
    const { machine, news } = await declared({ hostKeys: { [system]: makeKey() } });
    const known = makeKey().publicKey;
    if (system === "debian") (news["connection"] as Props)["hostKey"] = known;
    const result = await stage.provider.create(news);
    const { message } = system === "debian" ? failed(result) : partial(result);
    expect(parseError(message)).toMatchObject({
      code: "host-key-mismatch",
      parts: ["expected", "seen", "next"],
    });
    expect(message).toContain(machine.hostKey.fingerprint);
    expect(machine.steps.filter((step) => step.endsWith(`in ${system} #1`))).toEqual([]);
    expect(machine.disk.wiped).toBe(system === "nixos" ? 1 : 0);
    expect(machine.system).toBe(system);
  },
);

test("a key that was learned at the first contact is demanded of the installer", async () => {
  const { machine, news } = await declared({ hostKeys: { installer: makeKey() } });
  (news["connection"] as Props)["hostKey"] = "accept-new";
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ phase: "kexec", code: "host-key-mismatch" });
  expect(props["hostKeys"]).not.toEqual([machine.hostKey.publicKey]);
  expect(machine.disk.wiped).toBe(0);
});

const refusals: [string, Quirks, { phase: string; code: string; text: RegExp; wiped: number }][] = [
  [
    "another disk under the same path in the installer",
    { serialInInstaller: "OTHERDISK" },
    { phase: "disko", code: "wrong-disk", text: /has serial OTHERDISK, not LABDISK1/, wiped: 0 },
  ],
  [
    "a mounted disk in the installer",
    { mountedInInstaller: true },
    { phase: "disko", code: "disk-in-use", text: /is mounted at \/old/, wiped: 0 },
  ],
  [
    "disko's script fails",
    { jobs: { disko: { output: "sgdisk: problem opening /dev/vda", exitCode: 2 } } },
    { phase: "disko", code: "disko-failed", text: /exit code 2: sgdisk: problem opening/, wiped: 0 },
  ],
  [
    "nixos-install says 0 and there is no boot entry",
    { writesNoBootEntry: true },
    { phase: "install", code: "install-failed", text: /no default entry with an init=/, wiped: 1 },
  ],
  [
    "nixos-install says 0 and the initrd is empty",
    { writesEmptyInitrd: true },
    { phase: "install", code: "install-failed", text: /an initrd file in the default entry/, wiped: 1 },
  ],
  [
    "nixos-install fails",
    { jobs: { install: { output: "error: cannot write to /boot", exitCode: 1 } } },
    {
      phase: "install",
      code: "install-failed",
      text: /exit code 1: error: cannot write to \/boot/,
      wiped: 1,
    },
  ],
];

test.each(refusals)("%s", async (_, quirks, { phase, code, text, wiped }) => {
  const { machine, news } = await declared(quirks);
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase, code, parts: ["expected", "seen", "next"] });
  expect(message).toMatch(text);
  expect(props).toMatchObject({ unfinished: phase, attempts: [{ phase, code }] });
  expect(machine.disk.wiped).toBe(wiped);
  expect(machine.system).toBe("installer");
  expect(machine.steps.some((step) => step.startsWith("reboot in"))).toBe(false);
});

test("the reboot brings another kernel: named, and the state shows what runs", async () => {
  const { machine, news } = await declared({});
  const old = newSystem(machine, "old", "6.6.1-old");
  machine.quirks.bootsInstead = old;
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toEqual({
    phase: "confirm",
    code: "wrong-system",
    parts: ["expected", "seen", "next"],
  });
  expect(message).toMatch(/expected: booted\.kernelRelease 6\.12\.90/);
  expect(message).toMatch(/seen: +booted\.kernelRelease 6\.6\.1-old/);
  expect(props).toMatchObject({
    booted: { kernelRelease: "6.6.1-old" },
    unfinished: "confirm",
    phase: "reboot",
  });
});

test("a very long log of a failed phase does not lose the state", async () => {
  const output = Array.from({ length: 2_000 }, (_, line) => `${line} ${"→ überlang ".repeat(40)}`).join("\n");
  const { news } = await declared({ jobs: { install: { output, exitCode: 1 } } });
  const { message, props, reasons } = partial(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ phase: "install", code: "install-failed" });
  expect(reasons.join()).toContain("1999 ");
  expect(props).toMatchObject({ unfinished: "install", phase: "disko" });
});
