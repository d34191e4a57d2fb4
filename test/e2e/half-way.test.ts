import { HalfWay, type MomentName } from "../lab/half-way";

/**
 * Every long step of an install and of an update, struck in its middle: the client killed, the power cut; the network
 * cut is in half-way-network.test.ts. The cells of one fault are a chain: each next run, with the same program, must come past the step where the one
 * before was struck, and the last one must end in the declared system. No disk is wiped twice.
 */
describe("half-way", () => {
  let machine: HalfWay;

  beforeAll(async () => {
    machine = await HalfWay.start();
    await machine.save("debian");
  });

  afterAll(async () => {
    process.stderr.write(`${machine.table()}\n`);
    await machine.stop();
  });

  describe("the client killed in an install", () => {
    test("upload of the installer", () => killed("upload of the installer"));

    test("somebody else's run at the same time is refused", async () => {
      const message = await machine.meanwhile("alpha");
      expect(message).toMatch(/\[lease-held\]/);
      expect(message).toMatch(/process \d+/);
    });

    test("load of the installer's kernel", () => killed("load of the installer's kernel"));

    test("jump into the installer", async () => {
      await killed("jump into the installer");
      await machine.vm.waitForSsh(400);
    });

    test("before disko", async () => {
      await killed("before disko");
      await machine.save("installer");
    });

    test("disko's script", () => killed("disko's script"));

    test("before the copy", async () => {
      await killed("before the copy");
      await machine.save("formatted");
    });

    for (const moment of ["copy of the closure", "nixos-install"] as const)
      test(`${moment}`, () => killed(moment));

    test("end of the install", async () => {
      await killed("end of the install");
      await machine.save("bootable");
    });

    test("reboot", async () => {
      await killed("reboot");
      await machine.vm.waitForSsh(400);
    });

    test("the next run ends in the declared system", async () => {
      await machine.reaches("alpha");
      await machine.save("installed");
    });
  });

  describe("the client killed in an update", () => {
    test("switch", async () => {
      await killed("switch", "alpha-unit");
      await machine.reaches("alpha-unit");
    });

    for (const moment of ["copy of the closure", "boot entry"] as const)
      test(`${moment}`, () => killed(moment, "beta"));

    test("reboot, and the next run ends in the declared system", async () => {
      await killed("reboot", "beta");
      await machine.vm.waitForSsh(400);
      await machine.reaches("beta");
    });
  });

  describe("the power cut in an install", () => {
    beforeAll(() => machine.load("debian"));

    for (const moment of [
      "upload of the installer",
      "load of the installer's kernel",
      "jump into the installer",
    ] as const) {
      test(`${moment}: the old system comes back`, async () => {
        await machine.struck(moment, "power cut", "alpha");
        await machine.vm.waitForSsh(400);
      });
    }

    test("disko's script: no system, and the next run says so", () => lost("disko's script"));

    test("with an installer booted at the console, it ends in the declared system", async () => {
      await machine.bootInstaller();
      await machine.reaches("alpha");
    });

    test("copy of the closure: no system", async () => {
      await machine.load("formatted");
      await lost("copy of the closure");
    });

    test("nixos-install: no system", async () => {
      await machine.load("formatted");
      await lost("nixos-install");
    });

    test("reboot: the next run ends in the declared system", async () => {
      await machine.load("bootable");
      await outage("reboot", "alpha");
      await machine.reaches("alpha");
    });
  });

  describe("the power cut in an update", () => {
    beforeAll(() => machine.load("installed"));

    test("switch", async () => {
      await outage("switch", "alpha-unit");
      await machine.reaches("alpha-unit");
    });

    for (const moment of ["copy of the closure", "boot entry"] as const)
      test(`${moment}`, () => outage(moment, "beta"));

    test("reboot, and it ends in the declared system", async () => {
      await outage("reboot", "beta");
      await machine.reaches("beta");
    });
  });

  async function killed(moment: MomentName, configuration = "alpha"): Promise<void> {
    expect(await machine.struck(moment, "client killed", configuration)).toEqual({ end: "killed" });
  }

  async function outage(moment: MomentName, configuration: string): Promise<void> {
    await machine.struck(moment, "power cut", configuration);
    await machine.vm.waitForSsh(400);
  }

  /** The disk holds no system any more, or none yet: only the console helps, and the next run says so. */
  async function lost(moment: MomentName): Promise<void> {
    // A job is waited for as long as its phase may take.
    machine.phaseSeconds = 75;
    await machine.struck(moment, "power cut", "alpha");
    const message = await machine.refused("alpha");
    machine.phaseSeconds = 240;
    expect(message).toMatch(/\[no-system\]/);
    expect(message).toMatch(/console/);
  }
});
