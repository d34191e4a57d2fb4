import { HalfWay, type MomentName } from "../lab/half-way";

/** As half-way.test.ts, in one long chain: the network cut in the middle of every long step, on a machine of its own. */
describe("the network cut", () => {
  let machine: HalfWay;

  beforeAll(async () => {
    machine = await HalfWay.start();
    await machine.save("debian");
  });

  afterAll(async () => {
    process.stderr.write(`${machine.table()}\n`);
    await machine.stop();
  });

  describe("in an install", () => {
    test("upload of the installer", () => cutOff("upload of the installer", "alpha"));

    test("load of the installer's kernel, and the run comes to disko", async () => {
      await cutOff("load of the installer's kernel", "alpha");
      await machine.arrives("before disko", "alpha");
    });

    test("jump into the installer", async () => {
      // The cut before this one lasted from the load until after the jump: another jump needs another machine.
      await machine.load("debian");
      await cutOff("jump into the installer", "alpha");
    });

    for (const moment of ["disko's script", "copy of the closure", "nixos-install"] as const)
      test(`${moment}`, () => cutOff(moment, "alpha"));

    test("reboot, and it ends in the declared system", async () => {
      await cutOff("reboot", "alpha");
      await machine.reaches("alpha");
    });
  });

  describe("in an update", () => {
    test("switch", async () => {
      await cutOff("switch", "alpha-unit");
      await machine.reaches("alpha-unit");
    });

    for (const moment of ["copy of the closure", "boot entry"] as const)
      test(`${moment}`, () => cutOff(moment, "beta"));

    test("reboot, and it ends in the declared system", async () => {
      await cutOff("reboot", "beta");
      await machine.reaches("beta");
    });
  });

  /** The run goes on by itself, or it ends in an error that the next one gets over. */
  async function cutOff(moment: MomentName, configuration: string): Promise<void> {
    await machine.struck(moment, "network cut", configuration);
  }
});
