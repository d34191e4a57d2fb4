import { utils } from "ssh2";
import {
  keepFigure,
  KexecBoundary,
  inTheDelay,
  kexecRefused,
  type Declared,
  type Up,
} from "../lab/kexec-boundary";
import { otherMachine } from "../lab/other-machine";

interface Fault {
  fault: string;
  bundles: Declared["bundles"];
  bootSeconds?: number;
  /** What happens on the machine while `up` runs. */
  sabotage?: string;
  /** What the machine's console shows: unless the fault came before, at the moment of the fault. */
  console: RegExp;
  code: string;
  says: RegExp[];
}

/**
 * The boundary where the seed failure happened: the old system is gone, or its network is. The disk that would be
 * wiped is not the one that Debian runs from, so that not a byte of it may change for any other reason.
 */
const faults: Fault[] = [
  {
    fault: "the new kernel panics and stays",
    bundles: ["small"],
    bootSeconds: 25,
    console: /Kernel panic - not syncing: VFS: Unable to mount root fs/,
    code: "unreachable",
    says: [/did not answer within 2\d s after kexec/, /next: .*console/],
  },
  {
    fault: "the new kernel panics and starts the old system anew, which does not let root in",
    bundles: ["restarting"],
    sabotage: "rm /root/.ssh/authorized_keys",
    console: /Kernel panic - not syncing: VFS: Unable to mount root fs/,
    code: "installer-not-proved",
    says: [
      /what answers after kexec is not the installer, but the old system, booted anew/,
      /seen: .*Debian GNU\/Linux.* kernel 6\.1\.\S+ again, boot_id \S{36} → \S{36}/,
    ],
  },
  {
    fault: "kexec -e refused, the network is down",
    bundles: ["small"],
    bootSeconds: 25,
    sabotage: `${inTheDelay}; ${kexecRefused}; until dmesg | grep -q 'kexec failed'; do sleep 0.1; done; echo REFUSED > /dev/ttyS0`,
    console: /REFUSED/,
    code: "unreachable",
    says: [/did not answer within 2\d s after kexec/],
  },
  {
    fault: "the installer comes up under another address",
    bundles: ["moved"],
    bootSeconds: 25,
    sabotage: inTheDelay,
    console: /stand-in for the NixOS installer/,
    code: "unreachable",
    says: [/did not answer within 2\d s after kexec/],
  },
];

const allPhases = ["kexec", "disko", "install", "reboot"];
const newHostKeys =
  "for k in /etc/ssh/ssh_host_*_key; do rm -f $k $k.pub; done; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key";

describe("the kexec boundary, where the old system goes away", () => {
  let lab: KexecBoundary;

  beforeAll(async () => {
    lab = await KexecBoundary.start();
  });

  afterAll(() => lab?.stop());

  test.each(faults)("$fault", async ({ fault, bundles, bootSeconds, sabotage, console, code, says }) => {
    await lab.reset();
    await lab.declare({ bundles, bootSeconds });
    if (sabotage !== undefined) await lab.sabotage(sabotage);
    const shown = lab.onConsole(console);
    const up = await lab.up(sabotage === inTheDelay ? lab.faultOnMachine() : shown);
    await expectFailed(up, code, says);
    // A slow machine may have needed longer than the program waited.
    await shown;
    await expectUnfinishedKexec();
    await keepFigure(fault, code, up.secondsToError);
  });

  async function expectFailed(up: Up, code: string, says: RegExp[]): Promise<void> {
    expect(up.code).not.toBe(0);
    expect(up.output).toContain(`[${code}]`);
    for (const words of says) expect(up.output).toMatch(words);
    expect(await lab.bytesChanged()).toBe(false);
  }

  /** Nobody knows where the machine is: the state says so, and what is known of it. */
  async function expectUnfinishedKexec(): Promise<void> {
    expect((await lab.resource())?.outputs).toMatchObject({ phase: "", unfinished: "kexec" });
  }

  test("another machine answers at the address", async () => {
    await lab.reset();
    await lab.declare({ bundles: ["small"], bootSeconds: 60 });
    await lab.sabotage(inTheDelay);
    const taken = lab.faultOnMachine().then(async () => {
      await lab.vm.setForwarding(false);
      return otherMachine(lab.vm.port);
    });
    const up = await lab.up(taken);
    await (await taken).stop();
    await lab.vm.setForwarding(true);
    await expectFailed(up, "host-key-mismatch", [/\* kexec: /, /expected: .*SHA256:/, /seen: .*SHA256:/]);
    await expectUnfinishedKexec();
    await keepFigure("another machine at the address", "host-key-mismatch", up.secondsToError);
  });

  test("another key than the declared one on the old system: nothing is even looked at", async () => {
    await lab.reset();
    await lab.declare({ bundles: ["small"], hostKey: utils.generateKeyPairSync("ed25519").public });
    const up = await lab.up(Promise.resolve());
    await expectFailed(up, "host-key-mismatch", [/expected: .*SHA256:/, /next: /]);
    expect(await lab.resource()).toBeUndefined();
  });

  test("the network is gone for 15 s in the delay: no false alarm", async () => {
    await lab.reset();
    await lab.declare({ bundles: ["installer"] });
    await lab.sabotage(inTheDelay);
    const { code, output } = await lab.up(lab.faultOnMachine().then(() => lab.networkGoneFor(15)));
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/kexec: kernel \S+ → \S+, boot_id changed, root in RAM/);
    expect((await lab.resource())?.outputs).toMatchObject({ phase: "kexec", unfinished: "" });
    expect(await lab.bytesChanged()).toBe(false);
  });

  test("phases: kexec alone, by a user whom sudo asks for a password, over a connection that is cut in the delay", async () => {
    await lab.reset();
    await lab.declare({ bundles: ["installer"], login: { user: "operator", sudoPassword: "lab-sudo" } });
    await lab.sabotage(`${inTheDelay}; pkill -9 -u operator sshd`);
    const { code, output } = await lab.up();
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/kexec: kernel \S+ → \S+, boot_id changed, root in RAM/);
    const { outputs } = (await lab.resource()) ?? {};
    expect(outputs).toMatchObject({
      phase: "kexec",
      unfinished: "",
      kexecImage: { sha256: (await lab.bundle("installer")).sha256 },
    });
    expect(await lab.bytesChanged()).toBe(false);
  });

  test("a later up with all phases goes on from there; another key on the installed system: not confirmed", async () => {
    await lab.declare({
      bundles: ["installer"],
      phases: allPhases,
      login: { user: "operator", sudoPassword: "lab-sudo" },
    });
    await lab.vm.ssh(newHostKeys);
    await lab.vm.bootFromDataDisk();
    const { code, output } = await lab.up(Promise.resolve());
    expect(code).not.toBe(0);
    expect(output).toMatch(/\* reboot: .*\[host-key-mismatch\]/);
    expect(output).toMatch(/wiping/);
    expect(output).toMatch(/install: profile and extlinux default are/);
    expect(output).not.toMatch(/\[\d\/\d\] (preflight|kexec)/);
  });

  test("the machine that was known by another key is taken by its declared one, and the install goes on to its end", async () => {
    await lab.vm.forgetHostKeys();
    await lab.vm.waitForSsh(240);
    const [hostKey = ""] = await lab.vm.hostKeys();
    await lab.declare({ bundles: ["installer"], phases: allPhases, hostKey });
    const { code, output } = await lab.up(Promise.resolve());
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/confirm: kernel/);
    expect(output).not.toMatch(/wiping/);
  });
});
