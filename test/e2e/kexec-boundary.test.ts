import { generateKeyPairSync } from "node:crypto";
import { startQuickstart, type Quickstart } from "../lab/quickstart";

/**
 * The boundary where the seed failure happened. The disk that would be wiped is not the one that Debian runs from,
 * so that not a byte of it may change for any other reason.
 */
describe("the kexec boundary", () => {
  let lab: Quickstart;
  let untouched: string;

  beforeAll(async () => {
    lab = await startQuickstart("alpha", { serial: "ROOT", dataDiskSerial: "LABDISK1" });
    untouched = await lab.vm.diskSha256("data");
    await lab.vm.snapshot("debian");
  });

  afterAll(() => lab?.stop());

  test("an image that is unloaded behind our back: a named error, the kernel's words, not a byte changed", async () => {
    await sabotage(
      "while ! grep -aqs 'sleep [6]' /proc/[0-9]*/cmdline; do sleep 0.2; done; /root/.pulumi-immutable-os/kexec/kexec --unload",
    );
    const { code, output } = await lab.stack.pulumi(["up", "--yes", "--skip-preview"]);
    expect(code).not.toBe(0);
    expect(output).toContain(
      "kexec said 0, but the old kernel still runs; the disks were not touched [silent-kexec-failure]",
    );
    expect(output).toMatch(/expected: another boot_id within 14 s/);
    expect(output).toMatch(
      /seen: .*boot_id [0-9a-f-]{36} and kernel 6\.1\..* answered after 1\d s, \/sys\/kernel\/kexec_loaded 0/,
    );
    expect(output).toMatch(/the kernel says:[\s\S]*Nothing has been loaded/);
    expect(output).toMatch(/next: +kexec_loaded 0: something unloaded the image/);
    expect(await lab.vm.diskSha256("data")).toBe(untouched);
    // Nothing lasting happened, so nothing is in the state.
    expect(await lab.stack.resource(":NixosHost")).toBeUndefined();
  });

  test("another key than the declared one on the old system: nothing is even looked at", async () => {
    await lab.stack.configure("hostKey", someHostKey());
    const output = await failedUp();
    expect(output).toMatch(/\[host-key-mismatch\]/);
    expect(output).toMatch(/expected: .*SHA256:/);
    expect(output).toMatch(/next: /);
    expect(await lab.vm.diskSha256("data")).toBe(untouched);
    await lab.stack.configure("hostKey", "accept-new");
  });

  test("another key on the installer: stopped before the disks", async () => {
    await lab.vm.restore("debian");
    // sshd goes on with the keys it has loaded; the bundle carries the ones that lie on the disk.
    await sabotage(`while ! grep -aqs '[.]/run' /proc/[0-9]*/cmdline; do sleep 0.1; ${newHostKeys}; done`);
    const output = await failedUp();
    expect(output).toMatch(/\* kexec: .*\[host-key-mismatch\]/);
    expect(await lab.vm.diskSha256("data")).toBe(untouched);
    await lab.stack.expect(["destroy", "--yes", "--skip-preview"]);
  });

  test("another key on the installed system: not confirmed", async () => {
    await lab.vm.restore("debian");
    const run = lab.stack.pulumi(["up", "--yes", "--skip-preview"]);
    await untilInstaller();
    await lab.vm.ssh(newHostKeys);
    await lab.vm.bootFromDataDisk();
    const { code, output } = await run;
    expect(code).not.toBe(0);
    expect(output).toMatch(/\* reboot: .*\[host-key-mismatch\]/);
    expect(output).toMatch(/install: profile and extlinux default are/);
  });

  test("the machine that was known by another key is taken by its declared one, and the install goes on to its end", async () => {
    await lab.vm.forgetHostKeys();
    await lab.vm.waitForSsh(120);
    const [key = ""] = await lab.vm.hostKeys();
    await lab.stack.configure("hostKey", key);
    const { code, output } = await lab.stack.pulumi(["up", "--yes", "--skip-preview"]);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/confirm: kernel/);
    expect(output).not.toMatch(/wiping/);
  });

  const newHostKeys =
    "for k in /etc/ssh/ssh_host_*_key; do rm -f $k $k.pub; done; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key";

  async function sabotage(script: string): Promise<void> {
    await lab.vm.ssh("cat > /tmp/saboteur; setsid sh /tmp/saboteur </dev/null >/dev/null 2>&1 &", {
      input: script,
    });
  }

  async function failedUp(): Promise<string> {
    const { code, output } = await lab.stack.pulumi(["up", "--yes", "--skip-preview"]);
    expect(code).not.toBe(0);
    return output;
  }

  async function untilInstaller(): Promise<void> {
    const end = Date.now() + 180_000;
    while (Date.now() < end) {
      const { stdout } = await lab.vm.ssh("cat /etc/os-release", { timeoutSeconds: 10 });
      if (stdout.includes("VARIANT_ID=installer")) return;
      await new Promise((done) => setTimeout(done, 500));
    }
    throw new Error("no installer within 180 s");
  }
});

/** A public key that no machine has. */
function someHostKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64")}`;
}
