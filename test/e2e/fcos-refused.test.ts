import { leftovers, startFcosLab, tagsOf, type FcosLab } from "../lab/fcos";
import { inPlaceOf, OneImage, oneImageRepository } from "../lab/fcos/one-image";

const dracut = "/usr/bin/dracut";
/** It runs after everything else that could still be mended. */
const rpmOstree = "/usr/bin/rpm-ostree";
/** Of the stand-in for dracut: its last argument is the image, in the folder of its kernel. */
const itsImage = 'for image; do :; done; kernel=$(basename "$(dirname "$image")")';

type Args = Parameters<OneImage["run"]>[1];

/** Images that would panic, and inputs that cannot become an image: each is refused, by name, and nothing is pushed. */
describe("refused", () => {
  let lab: FcosLab;
  let one: OneImage;

  beforeAll(async () => {
    lab = await startFcosLab();
    one = await OneImage.create(lab);
  });

  afterAll(async () => {
    await one?.stack.remove();
    await lab?.stop();
  });

  afterEach(async () => {
    expect(await tagsOf(lab.registry, oneImageRepository)).toEqual([]);
    expect(await leftovers(lab)).toEqual([]);
  });

  describe("by an inspection", () => {
    test("no initramfs", async () => {
      const run = [inPlaceOf(rpmOstree, "rm -f /usr/lib/modules/*/initramfs.img")];
      await expectFailedInspections({ run }, ["initramfs"], /seen: +none/);
    });

    test("an empty one", async () => {
      const run = [inPlaceOf(dracut, itsImage, ': > "$image"')];
      await expectFailedInspections({ run }, ["initramfs"], /seen: +0 B/);
    });

    test("one of another kernel", async () => {
      const run = [
        inPlaceOf(
          dracut,
          itsImage,
          'cd /usr/lib/modules && cp -a "$kernel" 9.9.9-other && depmod 9.9.9-other',
          `${dracut}.real --no-hostonly --kver 9.9.9-other --reproducible --add ostree -f "$image"`,
          "rm -r 9.9.9-other",
        ),
      ];
      await expectFailedInspections({ run }, ["initramfs-kernel"], /9\.9\.9-other/);
    });

    test("without ostree, and without a module that the base's has", async () => {
      const files = {
        "/etc/dracut.conf.d/99-lean.conf": { content: 'omit_dracutmodules+=" ostree virtiofs "\n' },
      };
      const output = await expectFailedInspections({ files }, ["initramfs-ostree", "initramfs-modules"]);
      expect(output).toMatch(/initramfs-modules: without virtiofs, ostree/);
    });

    test("two kernels, and something in /boot", async () => {
      const run = [
        `cp -a /usr/lib/modules/${lab.kernels.new.release} /usr/lib/modules/9.9.9-other`,
        inPlaceOf(rpmOstree, "echo left > /boot/left"),
      ];
      await expectFailedInspections({ run }, ["single-kernel", "boot-empty"], /9\.9\.9-other/);
    });

    test("a kernel in a folder without the last part of its release", async () => {
      const { release } = lab.kernels.new;
      const short = release.replace(/-[^-]+$/, "");
      const run = [inPlaceOf(rpmOstree, `mv /usr/lib/modules/${release} /usr/lib/modules/${short}`)];
      const output = await expectRefusal("up", { run }, /inspection-failed/);
      expect(output).toMatch(/kernel-release/);
      expect(output).toContain(short);
    });

    test("a base of another architecture", async () => {
      const base = one.base(`@${lab.bases.arm64}`);
      await expectFailedInspections({ base }, ["architecture"], /seen: +image aarch64, kernel x86_64/);
    });

    test("a base that no host takes for bootable", async () => {
      await expectFailedInspections(
        { base: one.base(`@${lab.bases.unbootable}`) },
        ["bootable-label"],
        /neither/,
      );
    });
  });

  test("dracut that runs itself for ever is ended by its time limit", async () => {
    const run = [inPlaceOf(dracut, "while :; do echo Continuing execution in 5 seconds; sleep 5; done")];
    const output = await expectRefusal("up", { run, dracut: { timeoutSeconds: 12 } }, /build-failed/);
    expect(output).toContain("exit code 124: Continuing execution in 5 seconds");
  });

  describe("in the preview", () => {
    test("a stale label ostree.linux", async () => {
      await expectRefusal(
        "preview",
        { labels: { "ostree.linux": lab.kernels.old.release } },
        /labels.*ostree\.linux/,
      );
    });

    test("a release without its last part", async () => {
      const release = lab.kernels.new.release.replace(/-[^-]+$/, "");
      const kernel = { rpms: lab.kernels.new.rpms, release };
      const output = await expectRefusal("preview", { kernel }, /kernel\.release/);
      expect(output).toContain(lab.kernels.new.release);
    });

    test("RPMs of another architecture than the platform's", async () => {
      await expectRefusal("preview", { platform: "linux/arm64" }, /x86_64/);
    });

    test("an RPM that cannot be fetched", async () => {
      const [first, ...others] = lab.kernels.new.rpms;
      const kernel = { rpms: [{ url: `${first?.url}.gone`, sha256: "0".repeat(64) }, ...others] };
      await expectRefusal("preview", { kernel }, /kernel\.rpms\[0\]\.url: [^]*HTTP 404/);
    });

    test("a tag of the base that the registry does not know", async () => {
      await expectRefusal(
        "preview",
        { base: one.base(":nowhere") },
        /problem: base: the registry has no \S+:nowhere/,
      );
    });
  });

  describe("before the build", () => {
    test("an RPM with another hash", async () => {
      const [first, ...others] = lab.kernels.new.rpms;
      const kernel = { rpms: [{ url: String(first?.url), sha256: "0".repeat(64) }, ...others] };
      await expectRefusal("up", { kernel }, /kernel\.rpms\[0\]\.url: [^]*a file with sha256 0{64}/);
    });

    test("a wrong password of the registry", async () => {
      const registry = { ...one.good().registry, password: "wrong" };
      const output = await expectRefusal("up", { registry }, /login-refused/);
      expect(output).not.toContain("STEP 1/");
    });
  });

  async function expectFailedInspections(
    spoilt: Partial<Args>,
    names: string[],
    seen?: RegExp,
  ): Promise<string> {
    const output = await expectRefusal("up", spoilt, /\[inspection-failed\]/);
    expect(output).toMatch(
      new RegExp(
        `the image failed ${names.length} of \\d+ inspections \\(${names.join(", ")}\\); nothing was pushed`,
      ),
    );
    if (seen) expect(output).toMatch(seen);
    return output;
  }

  async function expectRefusal(
    command: "preview" | "up",
    spoilt: Partial<Args>,
    error: RegExp,
  ): Promise<string> {
    const { code, output } = await one.run(command, { ...one.good(), ...spoilt });
    expect(output).toMatch(error);
    expect(code).not.toBe(0);
    expect(output).not.toMatch(/at .*\.(js|ts):\d+/);
    expect(output).not.toContain(lab.registry.password);
    return output;
  }
});
