import {
  inTheDelay,
  keepFigure,
  KexecBoundary,
  kexecFolder,
  kexecRefused,
  type Declared,
} from "../lab/kexec-boundary";

interface Fault {
  fault: string;
  bundles?: Declared["bundles"];
  /** What happens on the machine while `up` runs. */
  sabotage?: string;
  code: string;
  /** What the error says of it. */
  says: RegExp[];
}

/** The old system goes on as if nothing had been. Its bytes, and nothing in the state, are asserted for each. */
const faults: Fault[] = [
  {
    fault: "run says 0 and has loaded nothing",
    bundles: ["loadsNothing"],
    sabotage: inTheDelay,
    code: "silent-kexec-failure",
    says: [
      /seen: .*boot_id [0-9a-f-]{36} and kernel 6\.1\..* answered after 1\d s, \/sys\/kernel\/kexec_loaded 0/,
      /the kernel says:[\s\S]*Nothing has been loaded/,
    ],
  },
  {
    fault: "unloaded in the delay",
    sabotage: `${inTheDelay}; ${kexecFolder}/kexec --unload`,
    code: "silent-kexec-failure",
    says: [
      /kexec said 0, but the old kernel still runs; the disks were not touched \[silent-kexec-failure\]/,
      /expected: another boot_id within 14 s/,
      /kexec_loaded 0/,
      /the kernel says:[\s\S]*Nothing has been loaded/,
      /next: +kexec_loaded 0: something unloaded the image/,
    ],
  },
  {
    fault: "background sleep killed",
    sabotage: `${inTheDelay}; kill $(grep -als 'sleep [6]' /proc/[0-9]*/cmdline | cut -d/ -f3)`,
    code: "silent-kexec-failure",
    says: [/kexec_loaded 1/],
  },
  {
    fault: "bundle removed in the delay",
    sabotage: `${inTheDelay}; rm -rf ${kexecFolder}`,
    code: "silent-kexec-failure",
    says: [/kexec_loaded 1/, /the kernel says:[\s\S]*kexec: not found/],
  },
  {
    fault: "kexec -e refused",
    // It has taken the network down already; here somebody brings that back.
    sabotage: `${inTheDelay}; ${kexecRefused}; until dmesg | grep -q 'kexec failed'; do sleep 0.1; done; networkctl up enp0s2`,
    code: "silent-kexec-failure",
    says: [/kexec_loaded 1/, /the kernel says:[\s\S]*kexec failed: Operation not permitted/],
  },
  {
    fault: "kernel.kexec_load_disabled=1",
    sabotage: "sysctl -qw kernel.kexec_load_disabled=1",
    code: "preflight-refused",
    says: [/expected: .*kexec_load_disabled = 0/, /seen: +1: only a reboot can undo it/],
  },
  {
    fault: "kernel.kexec_load_disabled=1 after the rehearsal",
    sabotage: `while ! grep -aqs '[.]/run' /proc/[0-9]*/cmdline; do sleep 0.1; done; sysctl -qw kernel.kexec_load_disabled=1`,
    code: "kexec-load-failed",
    says: [/Operation not permitted/],
  },
  {
    fault: "too little memory for the initrd",
    bundles: ["huge"],
    code: "kexec-load-failed",
    says: [/Cannot allocate memory/, /the kernel says:[\s\S]*vmalloc error: size \d+, exceeds total pages/],
  },
  {
    fault: "bundle of another architecture",
    bundles: ["foreign"],
    code: "kexec-load-failed",
    says: [/seen: .*the bundle's kernel is for aarch64, the machine is x86_64/],
  },
];

describe("the kexec boundary, where the old system goes on", () => {
  let lab: KexecBoundary;

  beforeAll(async () => {
    lab = await KexecBoundary.start();
  });

  afterAll(() => lab?.stop());

  test.each(faults)("$fault", async ({ fault, bundles = ["small"], sabotage, code, says }) => {
    await lab.reset();
    await lab.declare({ bundles });
    if (sabotage !== undefined) await lab.sabotage(sabotage);
    const up = await lab.up(sabotage === undefined ? Promise.resolve() : undefined);
    expect(up.code).not.toBe(0);
    expect(up.output).toContain(`[${code}]`);
    for (const words of says) expect(up.output).toMatch(words);
    expect(await lab.bytesChanged()).toBe(false);
    // Nothing lasting happened, so nothing is in the state.
    expect(await lab.resource()).toBeUndefined();
    if (sabotage !== undefined) await keepFigure(fault, code, up.secondsToError);
  });

  test("the first image fails in silence: the second one is tried, works, and stands in the outputs", async () => {
    await lab.reset();
    await lab.declare({ bundles: ["loadsNothing", "installer"] });
    const { code, output } = await lab.up(Promise.resolve());
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(
      /loadsNothing\.tar\.gz: .*\[silent-kexec-failure\].*Now \S+bundle\.tar\.gz is tried/,
    );
    expect(output).toMatch(/kexec: kernel \S+ → \S+, boot_id changed, root in RAM/);
    const { sha256 } = await lab.bundle("installer");
    expect((await lab.resource())?.outputs).toMatchObject({ phase: "kexec", kexecImage: { sha256 } });
    expect(await lab.bytesChanged()).toBe(false);
  });
});
