import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kexecBundle } from "../lab/kexec-bundle";
import { labFlake } from "../lab/mini-nixos";
import { plantSecrets, type Planted } from "../lab/planted";
import { PulumiStack } from "../lab/pulumi-stack";
import { SecretWatch } from "../lab/secret-watch";
import { run } from "../lab/shell";
import { startTarget, type Vm } from "../lab/vm";

const up = ["up", "--yes", "--skip-preview"];

/**
 * Secrets of every kind, in an up that fails, in one that goes through all phases, and in a refresh: looked for in the
 * arguments and the environment of all processes on both sides, in logs, errors, the state and files.
 */
describe("planted secrets", () => {
  let vm: Vm;
  let stack: PulumiStack;
  let planted: Planted;
  let watch: SecretWatch;

  beforeAll(async () => {
    vm = await startTarget({ name: "secrets" });
    await vm.waitForSsh(180);
    planted = await plantSecrets(vm);
    stack = await PulumiStack.create("secret-host", {}, "test/lab/programs");
  });

  afterAll(async () => {
    await vm?.stop();
    await stack?.remove();
    await planted?.remove();
  });

  test("the watch sees a secret in the arguments, the environment and the files of either side", async () => {
    const control = { control: `control-${randomBytes(12).toString("hex")}` };
    const sees = new SecretWatch(control, vm, planted.folder);
    const exposed = `env A=${control.control} sleep 4; exec -a ${control.control} sleep 4`;
    await vm.ssh("cat > /root/exposed", { input: control.control });
    await Promise.all([
      run("bash", ["-c", "bash -s"], { input: exposed }),
      vm.ssh("bash -s", { input: exposed }),
    ]);
    await sees.lookAtHost();
    await sees.stop();
    await vm.ssh("rm /root/exposed");
    expect([...sees.found]).toEqual(
      expect.arrayContaining([
        "a file of the host: /root/exposed",
        "a process of the host: /proc/N/cmdline: sleep",
        "a process of the host: /proc/N/environ: sleep",
        "control in the cmdline of sleep",
        "control in the environ of sleep",
      ]),
    );
  });

  test("an up that fails on the machine", async () => {
    watch = new SecretWatch(planted.marks, vm, planted.folder);
    await declare({ disks: [{ device: "/dev/disk/by-id/virtio-LABDISK1", serial: "ANOTHER" }] });
    const { code, output } = await stack.pulumi(up);
    expect(output).toMatch(/\[preflight-refused\]/);
    expect(code).not.toBe(0);
    watch.lookAt("the output of the up that failed", output);
    await watch.lookAtHost();
  });

  test("a preview, an up through all phases, and a refresh", async () => {
    await declare({});
    for (const args of [["preview", "--diff"], up, ["refresh", "--yes", "--diff"]]) {
      const { code, output } = await stack.pulumi(args);
      if (code !== 0) throw new Error(`pulumi ${args[0]} ended with ${code}:\n${output}`);
      watch.lookAt(`the output of pulumi ${args[0]}`, output);
    }
    await vm.forgetHostKeys();
    const { stdout } = await vm.ssh("cat /var/lib/planted/file /etc/ssh/ssh_host_ed25519_key");
    expect(stdout).toBe(`${planted.values.extraFile}${planted.values.sshHostKey}`);
  });

  test("nothing of them is left anywhere but in its place", async () => {
    watch.lookAt("the plain export of the stack", await stack.expect(["stack", "export"]));
    watch.lookAt("the console", await vm.serialLog());
    await watch.lookInto(stack.folder);
    await watch.lookAround();
    const places = ["/var/lib/planted/file", "/etc/ssh/ssh_host_ed25519_key"];
    expect((await watch.lookAtHost(...places)).sort()).toEqual(places.sort());
    await watch.stop();
    expect([...watch.found]).toEqual([]);
  });

  async function declare(install: Record<string, unknown>): Promise<void> {
    const bundle = await kexecBundle();
    const secret = (name: keyof Planted["values"]) => ({ secret: name });
    const host = {
      machine: "web",
      connection: {
        host: "127.0.0.1",
        port: vm.port,
        privateKey: secret("privateKey"),
        passphrase: secret("passphrase"),
        hostKey: [...(await vm.hostKeys()), planted.hostKey],
      },
      install: {
        connection: { user: "operator", sudoPassword: secret("sudoPassword") },
        kexec: { path: bundle.path, sha256: bundle.sha256 },
        disks: [{ device: "/dev/disk/by-id/virtio-LABDISK1", serial: "LABDISK1" }],
        extraFiles: { "/var/lib/planted/file": { content: secret("extraFile") } },
        diskEncryptionKeys: { "/run/planted.key": { content: secret("diskKey") } },
        sshHostKeys: { ed25519: { content: secret("sshHostKey") } },
        ...install,
      },
      system: { flake: `${await labFlake()}#alpha` },
    };
    const secretsFile = join(planted.folder, "secrets.json");
    await writeFile(join(stack.program, "host.json"), JSON.stringify({ host, secretsFile }));
  }
});
