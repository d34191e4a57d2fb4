import { buildByHand } from "../lab/fcos/by-hand";
import { startFcosMachine, type FcosMachine } from "../lab/fcos/fcos-machine";
import { startFcosLab, type FcosLab } from "../lab/fcos";
import { OneFcosHost } from "../lab/fcos/one-host";

/** Emulated and beside others, a boot takes up to half of it. */
const BOOT_SECONDS = 180;
const guardFolder = "/var/lib/pulumi-immutable-os/guard";

/** A system that boots and lets nobody in: only the machine itself can take itself back. */
describe("the guard on the machine", () => {
  let lab: FcosLab;
  let one: OneFcosHost;
  let machine: FcosMachine;
  let deaf = "";
  let firstBoot = "";

  beforeAll(async () => {
    lab = await startFcosLab();
    one = await OneFcosHost.create(lab);
    machine = await startFcosMachine(lab, `${lab.baseRepository}@${lab.bases.good}`);
    deaf = await buildByHand(
      lab,
      "old",
      `FROM ${lab.baseRepository}@${lab.bases.good}\nRUN systemctl mask ssh.service && ostree container commit\n`,
    );
    await machine.waitForSsh(BOOT_SECONDS);
    firstBoot = await machine.bootId();
  });

  afterAll(async () => {
    await one?.stack.remove();
    await machine?.stop();
    await lab?.stop();
  });

  test("up says that nobody can reach the new system, and that the machine will come back by itself", async () => {
    const { code, output } = await up(deaf);
    expect(code).not.toBe(0);
    expect(output).toMatch(/reboot: .*did not come back.*\[unreachable\]/);
    expect(output).toMatch(/its guard takes the machine back 180 s after that/);
  });

  test("the machine comes back to what it was, without anybody", async () => {
    await machine.waitForSsh(2 * BOOT_SECONDS);
    expect(await machine.bootId()).not.toBe(firstBoot);
    const status = JSON.parse(await machine.run("rpm-ostree status --json --booted")) as {
      deployments: Record<string, unknown>[];
    };
    expect(status.deployments[0]?.["container-image-reference-digest"]).toBe(lab.bases.good);
    // The boot that nobody saw: two systems have started since the first one.
    expect((await machine.serial()).match(/lab: booted with kernel/g)).toHaveLength(3);
    expect(await machine.run(`sudo ls ${guardFolder}`)).not.toMatch(/armed|firing/);
  });

  test("the next up tells what the guard did, and leaves nothing of it", async () => {
    const before = await machine.bootId();
    const { code, output } = await up(`${lab.baseRepository}@${lab.bases.good}`);
    expect(output).toMatch(/the guard of an earlier run acted on the machine/);
    expect(code).toBe(0);
    expect(await machine.bootId()).toBe(before);
    expect(await machine.run(`sudo ls ${guardFolder} 2>/dev/null || true`)).toBe("");
    const units = "sudo find /ostree/deploy/*/deploy/*/etc/systemd -name '*immutable-os-guard*'";
    expect(await machine.run(units)).toBe("");
  });

  function up(image: string) {
    return one.run("up", one.good(machine, image, BOOT_SECONDS));
  }
});
