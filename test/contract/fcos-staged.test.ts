// What can be seen of an image before the reboot: a panicked machine cannot be rolled back over ssh.
import { newImage, wholeKernel, type PlayedKernel } from "./fcos-parts";
import { drivers, FcosStage, inputsFor, newKernel, twoSided } from "./fcos-stage";
import { done, failed, parseError } from "./support";

const stage = new FcosStage();
const whole = wholeKernel(newKernel);

const broken: [string, PlayedKernel[], RegExp][] = [
  ["no kernel folder", [], /kernel/],
  ["two kernels", [whole, wholeKernel("6.1.0-1.fc44.x86_64")], /6\.1\.0-1\.fc44\.x86_64/],
  ["another kernel than the declared one", [wholeKernel("6.6.6-1.fc44.x86_64")], /6\.6\.6-1\.fc44\.x86_64/],
  ["no initramfs", [{ ...whole, initramfs: undefined }], /initramfs/],
  ["an empty initramfs", [{ ...whole, initramfs: 0 }], /initramfs/],
  ["no modules.dep", [{ ...whole, modulesDep: false }], /modules\.dep/],
];

describe.each(drivers)("by %s", (driver) => {
  test.each(broken)("%s: refused before the reboot, and nothing of it is left", async (_, kernels, words) => {
    const machine = await stage.machine({ driver });
    const { image: before } = machine.bootedDeployment;
    const image = machine.offer(newImage(newKernel, { kernels }));
    const news = inputsFor(machine, image, twoSided(image.digest, newKernel));
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({
      phase: "check staged",
      code: "staged-check-failed",
      parts: ["expected", "seen", "next"],
    });
    expect(message).toMatch(words);
    expect(machine.boots.map((each) => each.image.digest)).toEqual([before.digest]);
    expect(machine.deployments.all.map((each) => each.image.digest)).toEqual([before.digest]);
    expect(machine.did(/reboot|stop ostree-finalize/)).toEqual([]);
  });

  test("the image is corrected: the next up goes to its end", async () => {
    const machine = await stage.machine({ driver });
    const bad = machine.offer(newImage(newKernel, { kernels: [{ ...whole, initramfs: undefined }] }));
    failed(await stage.provider.create(inputsFor(machine, bad)));
    const good = machine.offer(newImage(newKernel));
    const { props } = done(await stage.provider.create(inputsFor(machine, good)));
    expect(props).toMatchObject({ booted: { digest: good.digest, kernelRelease: newKernel } });
  });

  test("an update that is refused so: a plain error, and what ran stays confirmed", async () => {
    const { machine, image, props } = await stage.deployed({ driver });
    const bad = machine.offer(newImage(newKernel, { kernels: [{ ...whole, initramfs: undefined }] }));
    const news = inputsFor(machine, bad);
    const { message } = failed(await stage.provider.update("web", props, news));
    expect(parseError(message)).toMatchObject({ code: "staged-check-failed" });
    expect(machine.bootedDeployment.image.digest).toBe(image.digest);
    expect(machine.deployments.booted.pinned).toBe(true);
    const seen = await stage.provider.read("web", props);
    expect(seen.props).toMatchObject({
      booted: { digest: image.digest },
      bootDefault: { deployment: "booted" },
      attempts: [{ phase: "check staged", code: "staged-check-failed" }],
    });
  });
});

describe("reboot: manual", () => {
  const manual = { reboot: "manual" };

  test.each(drivers)(
    "%s: ends with what is staged; somebody reboots, and the next up confirms",
    async (driver) => {
      const { machine, old, image, news } = await stage.declared({ driver }, manual);
      const { props } = done(await stage.provider.create(news));
      expect(props).toMatchObject({ phase: "check staged", unfinished: "", booted: { digest: old.digest } });
      expect(machine.did(/reboot|stop ostree-finalize|pin/)).toEqual([]);
      expect(machine.deployments.staged?.image.digest).toBe(image.digest);
      expect(stage.said(news).join("\n")).toMatch(/reboot/);

      // A refresh calls it no drift, and changes nothing.
      const count = stage.said(news).length;
      const seen = await stage.provider.read("web", props);
      expect(
        stage
          .said(news)
          .slice(count)
          .filter((line) => line.includes("drift")),
      ).toEqual([]);
      expect(seen.props).toMatchObject({ phase: "check staged", booted: { digest: old.digest } });

      machine.byHand("systemctl reboot");
      await machine.settled();
      expect(machine.bootedDeployment.image.digest).toBe(image.digest);
      expect((await stage.provider.diff("web", seen.props, news)).changes).not.toBe("none");
      const { props: last } = done(await stage.provider.update("web", seen.props, news));
      expect(last).toMatchObject({ booted: { digest: image.digest, kernelRelease: newKernel } });
      expect(last["phase"]).not.toBe("check staged");
      expect(machine.deployments.booted.pinned).toBe(true);
      expect(machine.did(/reboot/)).toEqual([]);
      expect((await stage.provider.diff("web", last, news)).changes).toBe("none");
    },
  );

  test("the next up before that reboot stages nothing anew", async () => {
    const { machine, news, image } = await stage.declared({}, manual);
    const { props } = done(await stage.provider.create(news));
    const pulls = machine.registry.pulls;
    const { props: again } = done(await stage.provider.update("web", props, news));
    expect(again).toMatchObject({ phase: "check staged" });
    expect(machine.registry.pulls).toBe(pulls);
    expect(machine.deployments.staged?.image.digest).toBe(image.digest);
  });
});
