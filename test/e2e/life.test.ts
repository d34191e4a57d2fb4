import { copyByHand } from "../lab/by-hand";
import { startQuickstart, type Quickstart } from "../lab/quickstart";

/** One machine's whole life, with the real engine, real kernels, a real disk. The steps build on each other. */
describe("one machine's life", () => {
  let lab: Quickstart;
  const kernels = { debian: "", alpha: "", beta: "" };

  beforeAll(async () => {
    lab = await startQuickstart("alpha");
    kernels.debian = await uname();
  });

  afterAll(() => lab?.stop());

  test("the preview shows the machine as it is, its disks, and what it would boot", async () => {
    const preview = await up(["preview"]);
    expect(preview).toMatch(/INSTALL of web: found Debian GNU\/Linux .*kernel 6\.1\./);
    expect(preview).toMatch(
      /WIPES \/dev\/disk\/by-id\/virtio-LABDISK1 \(serial LABDISK1, 4\.0 GiB; holds .*ext4/,
    );
    expect(preview).toMatch(/two boots: into the installer by kexec/);
    expect(await uname()).toBe(kernels.debian);
  });

  test("create: three kernels, one after the other, each proved", async () => {
    const output = await up(["up", "--yes", "--skip-preview"]);
    kernels.alpha = await uname();
    expect(kernels.alpha).not.toBe(kernels.debian);
    expect(output).toMatch(/kexec: kernel \S+ → \S+, boot_id changed, root in RAM/);
    expect(output).toMatch(/wiping \/dev\/disk\/by-id\/virtio-LABDISK1/);
    expect(output).toContain(`confirm: kernel ${kernels.alpha}`);
    expect(output).toMatch(/\[\d\/\d\] /);

    const { stdout: pid1 } = await lab.vm.ssh("cat /proc/1/comm; cat /etc/os-release; mount | grep ' / '");
    expect(pid1).toMatch(/^systemd\n/);
    expect(pid1).toContain("ID=nixos");

    const outputs = await state();
    expect(outputs["booted"]).toEqual({
      kernelRelease: kernels.alpha,
      toplevel: await link("/run/booted-system"),
    });
    expect(outputs["current"]).toEqual({ toplevel: await link("/run/current-system") });
    expect(outputs["phase"]).toBe("confirm");
    expect(JSON.stringify(outputs).length).toBeLessThan(4096);
  });

  test("a preview of an unchanged stack shows nothing and opens no connection", async () => {
    const before = await logins();
    expect(await up(["preview"])).toMatch(/2 unchanged/);
    // The second count is a login of its own.
    expect(await logins()).toBe(before + 1);
  });

  test("a system activated by hand is drift, with both values, in one connection", async () => {
    const declared = await link("/run/current-system");
    const byHand = await copyByHand(lab.vm, lab.flake, "alpha-unit", "switch");
    const before = await logins();
    const output = await up(["preview", "--refresh", "--diff"]);
    expect(await logins()).toBe(before + 2);
    expect(output).toMatch(new RegExp(`current.*\\n.*toplevel: "${byHand}" => "${declared}"`));
    expect(output).toMatch(/drift: somebody activated another system: current\.toplevel is/);
    expect(output).toMatch(/no reboot: kernel, initrd and parameters stay the same/);
  });

  test("up repairs it by a live switch, without a reboot", async () => {
    const bootId = await read("/proc/sys/kernel/random/boot_id");
    expect((await lab.vm.ssh("systemctl show --property ExecStart lab-demo")).stdout).toContain("two");
    const output = await up(["up", "--yes", "--refresh", "--skip-preview"]);
    expect(output).toMatch(/switch: \S+alpha is active, without a reboot/);
    expect((await lab.vm.ssh("systemctl show --property ExecStart lab-demo")).stdout).toContain("one");
    expect(await read("/proc/sys/kernel/random/boot_id")).toBe(bootId);
    expect(await up(["preview", "--refresh"])).toMatch(/2 unchanged/);
  });

  test("another kernel: the preview says reboot and why, up proves it", async () => {
    await lab.declare("beta");
    const preview = await up(["preview", "--diff"]);
    expect(preview).toMatch(new RegExp(`kernelRelease: "${escape(kernels.alpha)}" => "\\S+"`));
    expect(preview).toMatch(/reboot, because the kernel changes/);
    const output = await up(["up", "--yes", "--skip-preview"]);
    kernels.beta = await uname();
    expect(new Set(Object.values(kernels)).size).toBe(3);
    expect(output).toContain(`reboot: kernel ${kernels.alpha} → ${kernels.beta}, boot_id changed`);
    expect(output).toMatch(/copying the closure/);
  });

  test("an older kernel booted by hand is drift of the booted kernel, and up repairs it", async () => {
    const older = ((await state())["history"] as { toplevel: string }[])[1]?.toplevel ?? "";
    const bootId = await read("/proc/sys/kernel/random/boot_id");
    await lab.vm.ssh(
      `${older}/bin/switch-to-configuration boot && (sleep 1; systemctl reboot) >/dev/null 2>&1 &`,
    );
    await anotherBoot(bootId);
    expect(await uname()).toBe(kernels.alpha);

    const preview = await up(["preview", "--refresh", "--diff"]);
    expect(preview).toMatch(
      new RegExp(`kernelRelease: "${escape(kernels.alpha)}" => "${escape(kernels.beta)}"`),
    );
    const output = await up(["up", "--yes", "--refresh", "--skip-preview"]);
    expect(output).toMatch(/reboot: kernel/);
    expect(await uname()).toBe(kernels.beta);
  });

  test("rollback: the earlier system declared again comes from the machine's store, without build or copy", async () => {
    await lab.declare("alpha");
    expect(await up(["preview"])).toMatch(/an earlier system that is still on the host/);
    const output = await up(["up", "--yes", "--skip-preview"]);
    expect(output).not.toMatch(/copying the closure|\] build/);
    expect(await uname()).toBe(kernels.alpha);
  });

  test("a flake that does not evaluate shows Nix's own message on the resource, and no stack", async () => {
    await lab.declare("broken");
    const { code, output } = await lab.stack.pulumi(["preview"]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/NixosHost resource 'web' has a problem: .*#broken does not evaluate\. Nix says:/);
    expect(output).toMatch(/Failed assertions/);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
  });

  test("a changed layout is refused in the preview, says what to do, and changes nothing", async () => {
    await lab.declare("other-layout");
    const { code, output } = await lab.stack.pulumi(["preview"]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/the disk layout changed.*reinstalled \[reinstall-refused\]/);
    expect(output).toMatch(/expected: install\.allowReinstall to name \/dev\/disk\/by-id\/virtio-LABDISK1/);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
    expect(await uname()).toBe(kernels.alpha);
  });

  test("with consent the machine is reinstalled in place", async () => {
    await lab.stack.configure("allowReinstall[0]", "LABDISK1");
    expect(await up(["preview"])).toMatch(/REINSTALL: the disk layout changed\. WIPES .*LABDISK1/);
    await up(["up", "--yes", "--skip-preview"]);
    const { stdout } = await lab.vm.ssh("findmnt --noheadings --raw --output TARGET --real");
    expect(stdout.split("\n")).toContain("/data");
  });

  test("a machine that does not answer is kept, with a warning", async () => {
    await lab.vm.setNetwork(false);
    const output = await up(["refresh", "--yes"]);
    expect(output).toMatch(/could not be looked at, the state is kept as it was/);
    expect((await state())["phase"]).toBe("confirm");
    await lab.vm.setNetwork(true);
  });

  test("destroy forgets the machine, says so, and leaves it running", async () => {
    expect(await up(["destroy", "--yes", "--skip-preview"])).toMatch(
      /forgotten: the machine web keeps running/,
    );
    expect(await uname()).toBe(kernels.alpha);
  });

  async function up(args: string[]): Promise<string> {
    const { code, output } = await lab.stack.pulumi(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  async function read(path: string): Promise<string> {
    return (await lab.vm.ssh(`cat ${path}`)).stdout.trim();
  }

  async function uname(): Promise<string> {
    return (await lab.vm.ssh("uname -r")).stdout.trim();
  }

  async function link(path: string): Promise<string> {
    return (await lab.vm.ssh(`readlink -f ${path}`)).stdout.trim();
  }

  /** Logins since the boot, this one included. */
  async function logins(): Promise<number> {
    return Number((await lab.vm.ssh("journalctl -b -o cat | grep -c '^Accepted publickey'")).stdout);
  }

  async function state(): Promise<Record<string, unknown>> {
    return (await lab.stack.resource(":NixosHost"))?.outputs ?? {};
  }

  async function anotherBoot(oldBootId: string): Promise<void> {
    const end = Date.now() + 180_000;
    while (Date.now() < end) {
      const { code, stdout } = await lab.vm.ssh("cat /proc/sys/kernel/random/boot_id", {
        timeoutSeconds: 10,
      });
      if (code === 0 && stdout.trim() !== oldBootId) return;
      await new Promise((done) => setTimeout(done, 1000));
    }
    throw new Error("the machine did not reboot within 180 s");
  }
});

function escape(text: string): string {
  return text.replace(/[.+]/g, "\\$&");
}
