import type { FcosHostArgs } from "../../provider/resources/fcos-host-args";
import { buildByHand, shortContainerfile } from "../lab/fcos/by-hand";
import { startFcosMachine, type FcosMachine } from "../lab/fcos/fcos-machine";
import { ignitionLines } from "../lab/fcos/ignition";
import { startFcosLab, type FcosLab } from "../lab/fcos";
import { BOOT_SECONDS, OneFcosHost } from "../lab/fcos/one-host";
import {
  bootcStatus,
  differences,
  rpmOstreeStatus,
  rpmOstreeUpdateDriver,
} from "../lab/fcos/recorded-documents";

/** What stands in the way of a move stops it before the reboot, by name, and the machine runs on as it was. */
describe("a machine that is not moved, and one that gets there by another way", () => {
  let lab: FcosLab;
  let one: OneFcosHost;
  let machine: FcosMachine;
  /** Both with kernel "new". */
  const images = { good: "", withoutInitramfs: "" };
  let firstBoot = "";

  beforeAll(async () => {
    lab = await startFcosLab();
    one = await OneFcosHost.create(lab);
    machine = await startFcosMachine(lab, `${lab.baseRepository}@${lab.bases.good}`);
    for (const name of ["good", "withoutInitramfs"] as const) {
      const containerfile = shortContainerfile(lab, { withInitramfs: name === "good" });
      images[name] = await buildByHand(lab, "new", containerfile);
    }
    await machine.waitForSsh(BOOT_SECONDS);
    firstBoot = await machine.bootId();
  });

  afterAll(async () => {
    await one?.stack.remove();
    await machine?.stop();
    await lab?.stop();
  });

  describe("refused", () => {
    afterEach(async () => {
      expect(await machine.bootId()).toBe(firstBoot);
      expect(await machine.run("uname -r")).toBe(lab.kernels.old.release);
      const { deployments } = await rpmOstree();
      expect(deployments).toMatchObject([{ booted: true, staged: false }]);
      const left = await machine.run("sudo find /run/ostree /etc/ostree -name auth.json");
      expect(left).toBe("");
    });

    test("a node that OKD's Machine Config Operator manages", async () => {
      const mark = "/etc/machine-config-daemon/currentconfig";
      await machine.run(`sudo install -D /dev/null ${mark}`);
      const output = await expectRefusal({}, /Machine Config/);
      expect(output).toMatch(/MachineConfig|machineConfig/);
      await machine.run("sudo rm -r /etc/machine-config-daemon");
    });

    test("an active update driver, where it is not to be masked", async () => {
      await machine.run("sudo systemctl start zincati");
      await waitForDriver();
      await expectRefusal({ updateDriver: "fail" }, /Zincati \(zincati\.service\)/);
      expect(await machine.run("systemctl is-active zincati")).toBe("active");
    });

    test("a wrong password of the registry", async () => {
      const registry = { username: lab.registry.username, password: "wrong-word" };
      const output = await expectRefusal(
        { registry: { ...registry, certificateAuthority: lab.registry.certificateAuthority } },
        /authentication required|unauthorized/,
      );
      expect(output).not.toContain("wrong-word");
    });

    test("an image without an initramfs, which nothing before us finds fault with", async () => {
      const output = await expectRefusal({ image: images.withoutInitramfs }, /staged-check-failed/);
      expect(output).toMatch(/an initramfs\.img that is not empty/);
      expect(output).toMatch(/not rebooted/);
      // It was masked for the move, which did not take place.
      expect(output).toMatch(/Zincati \(zincati\.service\) works again/);
      expect(await machine.run("systemctl is-active zincati")).toBe("active");
    });

    test("a /boot without room for another kernel", async () => {
      await bootWritable(
        'fallocate -l $(( $(stat -f -c "%a * %S" /boot) - 3000000 )) /boot/filled; stat -f -c %a /boot',
      );
      await expectRefusal({}, /\/boot/);
      await bootWritable("rm /boot/filled");
    });

    test("a finalization that fails is told in ostree's own words", async () => {
      await bootWritable("chattr +i /boot/ostree");
      try {
        const output = await expectRefusal({}, /finalize-failed/);
        expect(output).toMatch(/Operation not permitted/);
      } finally {
        await bootWritable("chattr -i /boot/ostree");
      }
    });
  });

  describe("the stand-ins print what the real tools' recorded documents show", () => {
    test("rpm-ostree, with an update driver", async () => {
      const status = await rpmOstree();
      expect(differences(status, rpmOstreeStatus)).toEqual([]);
      expect(differences(status["update-driver"], rpmOstreeUpdateDriver)).toEqual([]);
    });

    test("both, with a deployment that is staged and locked", async () => {
      await machine.run("sudo rpm-ostree kargs --append=lab.staged=1 --lock-finalization", {
        timeoutSeconds: 120,
      });
      const status = await rpmOstree();
      expect(differences(status, rpmOstreeStatus)).toEqual([]);
      expect(status.deployments[0]).toMatchObject({ staged: true, "finalization-locked": true });
      await machine.run("sudo rpm-ostree cleanup -p");
    });

    test("options and commands that they do not know are errors, before anything is done", async () => {
      const before = JSON.stringify(await rpmOstree());
      for (const command of ["rpm-ostree rollback --nonsense", "rpm-ostree nonsense", "bootc nonsense"])
        expect((await machine.ssh(`sudo ${command}`)).code).not.toBe(0);
      expect(JSON.stringify(await rpmOstree())).toBe(before);
    });
  });

  describe("by bootc", () => {
    test("moved, and proved", async () => {
      const args = { ...one.good(machine, images.good), driver: "bootc" } as const;
      const { code, output } = await one.run("up", args);
      expect(`${code} ${output}`).toMatch(/^0 /);
      expect(await machine.run("uname -r")).toBe(lab.kernels.new.release);
      expect(await machine.bootId()).not.toBe(firstBoot);
      expect(await machine.run("systemctl is-enabled zincati || true")).toBe("masked");
    });

    test("bootc's stand-in shows both systems as the recorded documents do", async () => {
      await machine.run("sudo rpm-ostree kargs --append=lab.staged=1", { timeoutSeconds: 120 });
      const status = JSON.parse(await machine.run("sudo bootc status --json")) as object;
      await machine.run("sudo rpm-ostree cleanup -p");
      expect(differences(status, bootcStatus)).toEqual([]);
    });

    test("unchanged, and forgotten", async () => {
      const args = { ...one.good(machine, images.good), driver: "bootc" } as const;
      const { code, output } = await one.run("up", args);
      expect(`${code} ${output}`).toMatch(/^0 [^]*2 unchanged/);
      expect(output).not.toMatch(/\d+ (updated|created|replaced)/);
      expect((await one.run("destroy", args)).code).toBe(0);
      await machine.stop();
    });
  });

  test("a new machine gets there at its first boot by the Ignition document, and is adopted without a reboot", async () => {
    const document = await one.document(images.good);
    machine = await startFcosMachine(lab, `${lab.baseRepository}@${lab.bases.good}`, {
      furnish: ignitionLines(document),
    });
    await machine.waitForSerial(`lab: booted with kernel ${lab.kernels.new.release}`, 2 * BOOT_SECONDS);
    await machine.waitForSsh(BOOT_SECONDS);
    const before = await machine.bootId();
    const { code, output } = await one.run("up", one.good(machine, images.good));
    expect(`${code} ${output}`).toMatch(/^0 /);
    expect(await machine.bootId()).toBe(before);
    expect((await one.stack.resource(":FcosHost"))?.outputs).toMatchObject({
      phase: "keep",
      booted: { digest: images.good.split("@")[1], kernelRelease: lab.kernels.new.release },
    });
  });

  async function expectRefusal(spoilt: Partial<FcosHostArgs>, error: RegExp): Promise<string> {
    const { code, output } = await one.run("up", { ...one.good(machine, images.good), ...spoilt });
    expect(output).toMatch(error);
    expect(code).not.toBe(0);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
    expect(output).not.toContain(lab.registry.password);
    return output;
  }

  async function rpmOstree(): Promise<{ deployments: Record<string, unknown>[] } & Record<string, unknown>> {
    return JSON.parse(await machine.run("rpm-ostree status --json")) as never;
  }

  /** It registers itself a moment after its start. */
  async function waitForDriver(): Promise<void> {
    await machine.run(
      "for i in $(seq 60); do [ -e /run/rpm-ostree/update-driver.gv ] && exit 0; sleep 0.5; done; exit 1",
      { timeoutSeconds: 60 },
    );
  }

  /** /boot is mounted for reading only. */
  async function bootWritable(command: string): Promise<void> {
    await machine.run(
      `sudo sh -c 'mount -o remount,rw /boot && { ${command}; } && mount -o remount,ro /boot'`,
    );
  }
});
