import { startFcosHostExample, type FcosHostExample } from "../lab/fcos/host-example";

const up = ["up", "--yes", "--skip-preview"];
const failingCheck = { app: { command: "test -e /run/app-is-up", retries: 1, intervalSeconds: 1 } };

/** One machine's life, by one program that builds its image as well. The steps build on each other. */
describe("one Fedora CoreOS machine's life", () => {
  let example: FcosHostExample;
  const kernels = { base: "", new: "" };

  beforeAll(async () => {
    example = await startFcosHostExample();
    kernels.base = example.lab.kernels.old.release;
    kernels.new = example.lab.kernels.new.release;
  });

  afterAll(() => example?.stop());

  test("the preview of a machine that was never seen: what runs there, to which kernel, one reboot", async () => {
    const preview = await pulumi(["preview"]);
    expect(preview).toContain(`kernel ${kernels.base}`);
    expect(preview).toContain(`to the image that is made first, kernel ${kernels.new};`);
    expect(preview).toMatch(/MOVE of worker: .*; one reboot/);
  });

  test("up: the image is built, and the machine is moved to it and proves it", async () => {
    const { machine } = example;
    const before = await machine.bootId();
    const output = await pulumi(up);
    expect(output).toMatch(/3 created/);
    expect(await machine.run("uname -r")).toBe(kernels.new);
    expect(await machine.bootId()).not.toBe(before);
    const { digest } = await outputs(":FcosLayeredImage");
    const host = await outputs(":FcosHost");
    expect(host).toMatchObject({
      phase: "keep",
      unfinished: "",
      bootId: await machine.bootId(),
      booted: { digest, kernelRelease: kernels.new, unlocked: "none", layering: [] },
      bootDefault: { digest, deployment: "booted" },
      deployments: [
        { digest, kernelRelease: kernels.new, role: "booted", pinned: true },
        { digest: example.lab.bases.good, kernelRelease: kernels.base, role: "rollback", pinned: false },
      ],
    });
    expect(await bootedDigest()).toBe(digest);
  });

  test("nothing of the login stays on the machine, and nothing of it is readable in the state", async () => {
    const { machine, lab, stack } = example;
    const left = await machine.run(
      "sudo find /run/ostree /etc/ostree /etc/containers/certs.d -name auth.json -o -name '*.crt'",
    );
    expect(left).toBe("");
    expect(JSON.stringify(await stack.resource(":FcosHost"))).not.toContain(lab.registry.password);
  });

  test("a second up changes nothing, and the machine keeps running", async () => {
    const before = await example.machine.bootId();
    const output = await pulumi(up);
    expect(output).toMatch(/3 unchanged/);
    expect(output).not.toMatch(/\d+ (updated|created|replaced)/);
    expect(await pulumi(["refresh", "--yes"])).not.toMatch(/updated/);
    expect(await pulumi(["preview"])).not.toMatch(/to update/);
    expect(await example.machine.bootId()).toBe(before);
  });

  test("the preview of a way back says both kernels, and that it reboots", async () => {
    await example.stack.configure("earlierImage", example.baseImage);
    const preview = await pulumi(["preview", "--diff"]);
    expect(preview).toContain(example.lab.bases.good);
    expect(preview).toContain(`kernel ${kernels.new} → ${kernels.base}; still on the machine's disk`);
    expect(preview).toMatch(/REBOOT, because the image changes/);
  });

  test("back by the state: the earlier image, from the machine's disk, without the registry", async () => {
    const { machine, lab } = example;
    await lab.registry.switchOff();
    try {
      await pulumi(up);
    } finally {
      await lab.registry.switchOn();
    }
    expect(await machine.run("uname -r")).toBe(kernels.base);
    expect(await outputs(":FcosHost")).toMatchObject({
      phase: "keep",
      booted: { digest: lab.bases.good, kernelRelease: kernels.base },
    });
  });

  test("a health check that fails: the machine goes back by itself, up fails with the check, the state is true", async () => {
    const { machine, stack, lab } = example;
    const before = await machine.bootId();
    await stack.expect(["config", "rm", "earlierImage"]);
    await stack.configure("healthChecks", JSON.stringify(failingCheck));
    const { code, output } = await stack.pulumi(up);
    expect(code).not.toBe(0);
    expect(output).toMatch(/unhealthy/);
    expect(output).toMatch(/app/);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
    expect(await machine.run("uname -r")).toBe(kernels.base);
    expect(await machine.bootId()).not.toBe(before);
    expect(await bootedDigest()).toBe(lab.bases.good);
    const host = await outputs(":FcosHost");
    expect(host["booted"]).toMatchObject({ digest: lab.bases.good, kernelRelease: kernels.base });
    await stack.expect(["config", "rm", "healthChecks"]);
    await stack.configure("earlierImage", example.baseImage);
    await pulumi(["refresh", "--yes"]);
    expect((await outputs(":FcosHost"))["attempts"]).toContainEqual(
      expect.objectContaining({ code: "unhealthy" }),
    );
  });

  test("something staged by hand is seen, and dropped without a reboot", async () => {
    const { machine } = example;
    const before = await machine.bootId();
    await machine.run("sudo rpm-ostree kargs --append=lab.drift=1", { timeoutSeconds: 120 });
    const preview = await pulumi(["preview", "--refresh", "--diff"]);
    expect(preview).toMatch(/bootDefault/);
    expect(preview).toMatch(/what somebody staged .* is dropped/);
    await pulumi(["up", "--yes", "--refresh", "--skip-preview"]);
    expect(await machine.run("rpm-ostree status --json")).not.toMatch(/"staged": true/);
    expect(await machine.bootId()).toBe(before);
  });

  test("another image booted by hand is seen in the preview, and repaired", async () => {
    const { machine, lab } = example;
    const before = await machine.bootId();
    await machine.ssh("sudo rpm-ostree rollback --reboot");
    await machine.waitForReboot(before);
    expect(await machine.run("uname -r")).toBe(kernels.new);
    const preview = await pulumi(["preview", "--refresh", "--diff"]);
    const { digest } = await outputs(":FcosLayeredImage");
    expect(preview).toContain(`"${String(digest)}" => "${lab.bases.good}"`);
    expect(preview).toMatch(/REBOOT/);
    await pulumi(["refresh", "--yes"]);
    expect((await outputs(":FcosHost"))["booted"]).toMatchObject({ kernelRelease: kernels.new });
    await pulumi(up);
    expect(await machine.run("uname -r")).toBe(kernels.base);
    expect(await bootedDigest()).toBe(lab.bases.good);
  });

  test("destroy forgets the machine, which runs on", async () => {
    const before = await example.machine.bootId();
    await pulumi(["destroy", "--yes", "--skip-preview"]);
    expect(await example.machine.bootId()).toBe(before);
  });

  async function pulumi(args: string[]): Promise<string> {
    const { code, output } = await example.stack.pulumi(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  async function outputs(type: string): Promise<Record<string, unknown>> {
    return (await example.stack.resource(type))?.outputs ?? {};
  }

  /** As the machine itself says it. */
  async function bootedDigest(): Promise<unknown> {
    const status = JSON.parse(await example.machine.run("rpm-ostree status --json --booted")) as {
      deployments: Record<string, unknown>[];
    };
    return status.deployments[0]?.["container-image-reference-digest"];
  }
});
