// How a reboot can end, each told apart from the others.
import type { FcosMachine } from "./fcos-machine";
import { newImage, type PlayedImage } from "./fcos-parts";
import { drivers, during, FcosStage, newKernel, oldKernel, short } from "./fcos-stage";
import { done, failed, parseError, partial } from "./support";
import type { Props } from "./provider-process";

const stage = new FcosStage();
const parts = ["expected", "seen", "next"];
const words =
  "Finalizing deployment: Finalizing SELinux policy: Failed to execute child process “/usr/bin/bwrap” (No such file or directory)";

/** The old one runs, and is what the next boot starts. */
function expectOld(machine: FcosMachine, old: PlayedImage): void {
  expect(machine.bootedDeployment.image.digest).toBe(old.digest);
  expect(machine.deployments.all[0]?.image.digest).toBe(old.digest);
  expect(machine.root.has("var/lib/pulumi-immutable-os/guard/armed")).toBe(false);
}

/** The next up, once the cause is gone, comes to its end. */
async function expectNext(news: Props): Promise<void> {
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ booted: news["booted"], unfinished: "" });
}

describe.each(drivers)("by %s", (driver) => {
  test("finalize fails: told before the reboot, in ostree's own words", async () => {
    const { machine, old, news } = await stage.declared({ driver, finalizeFails: { words, when: "now" } });
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "finalize", code: "finalize-failed", parts });
    expect(message).toContain("Failed to execute child process");
    expect(machine.boots).toHaveLength(1);
    expectOld(machine, old);
    delete machine.quirks.finalizeFails;
    await expectNext(news);
  });

  test("the boot entry has no initrd line: told before the reboot", async () => {
    const { machine, old, news } = await stage.declared({ driver, entriesWithoutInitrd: true });
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "finalize", code: "finalize-failed", parts });
    expect(message).toContain("initrd");
    expect(machine.boots).toHaveLength(1);
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
    expect(machine.deployments.all[0]?.image.digest).toBe(old.digest);
  });

  test("it never reboots: the boot default goes back to what runs", async () => {
    const { machine, old, news } = await stage.declared(
      { driver, doesNotReboot: true },
      { connection: short },
    );
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "reboot", code: "reboot-not-proved", parts });
    expectOld(machine, old);
    machine.quirks.doesNotReboot = false;
    machine.byHand("systemctl reboot");
    await machine.settled();
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
  });

  test("the boot loader falls back: the old digest with a new boot_id", async () => {
    const { machine, old, news } = await stage.declared(
      { driver },
      {},
      newImage(newKernel, { boots: "falls back" }),
    );
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "fell-back", parts });
    expect(message).toContain(oldKernel);
    expect(machine.boots.map((each) => each.image.digest)).toEqual([old.digest, old.digest]);
    expectOld(machine, old);
  });

  test("another kernel than the declared one runs: back by itself", async () => {
    const { machine, old, news, image } = await stage.declared(
      { driver },
      {},
      newImage(newKernel, { runsKernel: "6.6.6-1.fc44.x86_64" }),
    );
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "wrong-kernel", parts });
    expect(message).toContain("6.6.6-1.fc44.x86_64");
    expect(machine.boots.map((each) => each.image.digest)).toEqual([old.digest, image.digest, old.digest]);
    expectOld(machine, old);
  });

  test("it panics: out of reach, nothing is made up, and the state stays open", async () => {
    const { machine, news } = await stage.declared(
      { driver },
      { connection: short },
      newImage(newKernel, { boots: "panic" }),
    );
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ phase: "reboot", code: "unreachable" });
    expect(message).toMatch(/console/);
    expect(props).toMatchObject({ unfinished: "reboot", hostKeys: [machine.hostKey.publicKey] });
    expect((await stage.provider.diff("web", props, news)).changes).not.toBe("none");
    // A refresh of it neither drops it nor fails.
    expect((await stage.provider.read("web", props)).id).toBe("web");
  });

  test("out of reach for a while, and back with the image: the next up confirms", async () => {
    const { machine, image, news } = await stage.declared(
      { driver },
      { connection: short, rollback: { guard: false } },
      newImage(newKernel, { boots: "no network" }),
    );
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "unreachable" });
    machine.answersAgain();
    const { props: last } = done(await stage.provider.update("web", props, news));
    expect(last).toMatchObject({ booted: { digest: image.digest }, unfinished: "" });
    expect(machine.boots).toHaveLength(2);
  });
});

test("finalize fails on the way down of somebody's reboot: told once, as that, and staged anew by the next up", async () => {
  const { machine, old, image, news } = await stage.declared(
    { finalizeFails: { words, when: "shutdown" } },
    { reboot: "manual" },
  );
  const { props } = done(await stage.provider.create(news));
  machine.byHand("systemctl reboot");
  await machine.settled();
  const { message, props: told } = partial(await stage.provider.update("web", props, news));
  expect(parseError(message)).toEqual({ phase: "reboot", code: "finalize-failed", parts });
  expect(message).toContain("Failed to execute child process");
  expect(machine.bootedDeployment.image.digest).toBe(old.digest);
  const { props: again } = done(await stage.provider.update("web", told, news));
  expect(again).toMatchObject({ phase: "check staged", unfinished: "" });
  expect(machine.deployments.staged?.image.digest).toBe(image.digest);
});

test("finalize seems fine, and the old one boots with ostree-boot-complete.service failed", async () => {
  const { machine, news } = await stage.declared({}, {}, newImage(newKernel, { boots: "falls back" }));
  const reboot = machine.reached(/^systemctl .*reboot/);
  const create = stage.provider.create(news);
  await during(create, reboot);
  machine.root.write("boot/ostree/finalize-failure.stamp", words);
  const { message } = failed(await create);
  expect(parseError(message)).toMatchObject({ code: "finalize-failed" });
  expect(message).toContain("Failed to execute child process");
});
