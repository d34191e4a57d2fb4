import { leftovers, tagsOf } from "../lab/fcos";
import { pushVariant } from "../lab/fcos/base-variants";
import { startFcosExample, type FcosExample } from "../lab/fcos/example";
import { bootImage } from "../lab/fcos/ostree-machine";
import { buildWithoutInitramfs } from "../lab/fcos/without-initramfs";

const up = ["up", "--yes", "--skip-preview"];

/** One image's whole life, with real buildah, dracut, ostree and registry. The steps build on each other. */
describe("one layered image's life", () => {
  let example: FcosExample;
  const kernels = { base: "", new: "" };

  beforeAll(async () => {
    example = await startFcosExample("new");
    kernels.base = example.lab.kernels.old.release;
    kernels.new = example.lab.kernels.new.release;
  });

  afterAll(() => example?.stop());

  test("the preview knows the kernel's release, from the first bytes of the RPMs, and builds nothing", async () => {
    const { lab, repository } = example;
    const preview = await pulumi(["preview", "--diff"]);
    expect(preview).toContain(`BUILD: kernel ${kernels.new}, on base ${lab.baseRepository}:stable`);
    expect(preview).toContain(`kernelRelease: "${kernels.new}"`);
    expect(preview).toContain(lab.bases.good);
    expect(await tagsOf(lab.registry, repository)).toEqual([]);
    const modules = lab.web.served.filter((line) => line.startsWith("kernel-modules-"));
    for (const line of modules) expect(Number(line.split(" ")[1])).toBeLessThan(1 << 20);
  });

  test("create: built, every inspection passed, pushed, read back", async () => {
    const output = await pulumi(up);
    expect(output).toMatch(/\[\d+\/\d+\] /);
    const { lab, repository } = example;
    const image = await outputs();
    expect(image["reference"]).toBe(`${lab.registry.address}/${repository}@${String(image["digest"])}`);
    expect(image["kernelRelease"]).toBe(kernels.new);
    expect(image["base"]).toMatchObject({ digest: lab.bases.good });
    expect(image["initramfs"]).toMatchObject({
      path: `/usr/lib/modules/${kernels.new}/initramfs.img`,
      dracutModules: expect.arrayContaining(["ostree", "systemd"]),
    });
    expect(image["containerfile"]).toContain(`FROM ${lab.baseRepository}@${lab.bases.good}\n`);
    expect(verdicts(image)).toMatchObject({
      "single-kernel": "ok",
      "initramfs-ostree": "ok",
      "bootc-lint": "unchecked",
    });
    expect(Object.values(verdicts(image))).not.toContain("failed");
    expect(await tagsOf(lab.registry, repository)).toEqual([image["ownTag"]]);
    expect(await registryDigest(String(image["ownTag"]))).toBe(image["digest"]);
  });

  test("nothing stays behind: no container, no mount, no password in clear", async () => {
    expect(await leftovers(example.lab)).toEqual([]);
    const state = JSON.stringify(await example.stack.resource(":FcosLayeredImage"));
    expect(state).not.toContain(example.lab.registry.password);
  });

  test("a second up of the same builds, fetches and pushes nothing", async () => {
    const { served } = example.lab.web;
    const before = served.length;
    const { digest } = await outputs();
    expect(await pulumi(up)).toMatch(/2 unchanged/);
    expect(served.slice(before)).toEqual([]);
    expect((await outputs())["digest"]).toBe(digest);
  });

  test("a tag alone is set on the same digest, without a build", async () => {
    const { digest } = await outputs();
    await example.stack.configure("tags", JSON.stringify(["stable"]));
    expect(await pulumi(["preview"])).toMatch(/nothing is built.*stays what it is/);
    await pulumi(up);
    expect(await registryDigest("stable")).toBe(digest);
    expect((await outputs())["digest"]).toBe(digest);
  });

  test("another kernel: the preview says from which to which, and that machines will reboot", async () => {
    await example.declare("old");
    const preview = await pulumi(["preview", "--diff"]);
    expect(preview).toContain(`kernelRelease: "${kernels.new}" => "${kernels.base}"`);
    expect(preview).toContain(`kernel ${kernels.new} → ${kernels.base}`);
    expect(preview).toMatch(/its machines reboot/);
    await example.declare("new");
  });

  test("a tag of the base that has moved is shown, with both digests", async () => {
    const { lab } = example;
    const moved = await pushVariant(lab.registry, "fcos/base", lab.bases.good, "stable", ({ config }) => {
      config.Labels = { ...config.Labels, moved: "yes" };
    });
    const preview = await pulumi(["preview", "--diff"]);
    expect(preview).toContain(`"${lab.bases.good}" => "${moved}"`);
    await pushVariant(lab.registry, "fcos/base", lab.bases.good, "stable", () => undefined);
  });

  test("a registry out of reach is no drift", async () => {
    const { registry } = example.lab;
    await registry.switchOff();
    try {
      await example.stack.configure("base", `${example.lab.baseRepository}@${example.lab.bases.good}`);
      expect(await pulumi(["refresh", "--yes"])).toMatch(
        /could not be looked at, the state is kept as it was/,
      );
      expect((await outputs())["published"]).toBe(true);
    } finally {
      await registry.switchOn();
    }
  });

  test("a digest that is gone is drift, and is not replaced by another one without consent", async () => {
    const { digest, reference } = await outputs();
    await deleteManifest(String(digest));
    const { code, output } = await example.stack.pulumi(["preview", "--refresh", "--diff"]);
    expect(code).not.toBe(0);
    expect(output).toContain(`${String(reference)} is not in the registry any more`);
    expect(output).toMatch(/rebuild-refused/);
    expect(output).toMatch(/or set allowRebuild: true/);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
  });

  test("with consent it is built again", async () => {
    const { digest } = await outputs();
    await example.stack.configure("allowRebuild", "true");
    expect(await pulumi(["preview", "--refresh"])).toMatch(/BUILD of/);
    await pulumi(["up", "--yes", "--refresh", "--skip-preview"]);
    const image = await outputs();
    expect(image["published"]).toBe(true);
    expect(await registryDigest("stable")).toBe(image["digest"]);
    expect(image["digest"]).not.toBe(digest);
  });

  test("a kernel in packages of other names, built by podman", async () => {
    const { digest } = await outputs();
    await example.stack.configure("remove", JSON.stringify(["kernel", "kernel-core", "kernel-modules"]));
    await example.stack.configure("builder", "podman");
    await example.declare("rt");
    expect(await pulumi(up)).toMatch(/kernel changed; BUILD of/);
    const image = await outputs();
    expect(image["digest"]).not.toBe(digest);
    expect(image["inspections"]).toContainEqual({
      name: "kernel-package",
      verdict: "ok",
      seen: expect.stringMatching(/^kernel-rt-core-6/),
    });
    expect(await registryDigest(String((await outputs())["ownTag"]))).toBe(image["digest"]);
    expect(await leftovers(example.lab)).toEqual([]);
  });

  test("the purpose: without our gate ostree accepts an image without initramfs, and its machine panics", async () => {
    const { containerfile } = await outputs();
    const image = await buildWithoutInitramfs(example.lab, "rt", String(containerfile));
    const serial = await bootImage(example.lab, image);
    expect(serial).toMatch(/Cannot open root device/);
    expect(serial).toMatch(/Kernel panic - not syncing/);
  });

  test("… and the machine of our image comes up with the new kernel", async () => {
    const serial = await bootImage(example.lab, String((await outputs())["reference"]));
    expect(serial).toContain(`lab: booted with kernel ${kernels.new}`);
  });

  test("destroy keeps the image, and says so", async () => {
    const { digest, reference } = await outputs();
    expect(await pulumi(["destroy", "--yes", "--skip-preview"])).toContain(`kept: ${String(reference)}`);
    expect(await registryDigest("stable")).toBe(digest);
  });

  async function pulumi(args: string[]): Promise<string> {
    const { code, output } = await example.stack.pulumi(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  async function outputs(): Promise<Record<string, unknown>> {
    return (await example.stack.resource(":FcosLayeredImage"))?.outputs ?? {};
  }

  async function registryDigest(tag: string): Promise<unknown> {
    const { headers } = await manifest("HEAD", tag);
    return headers["docker-content-digest"];
  }

  async function deleteManifest(digest: string): Promise<void> {
    expect((await manifest("DELETE", digest)).status).toBe(202);
  }

  function manifest(method: string, reference: string) {
    const { lab, repository } = example;
    const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
    return lab.registry.request({ method, path: `/v2/${repository}/manifests/${reference}`, headers });
  }
});

function verdicts(image: Record<string, unknown>): Record<string, string> {
  const inspections = image["inspections"] as { name: string; verdict: string }[];
  return Object.fromEntries(inspections.map(({ name, verdict }) => [name, verdict]));
}
