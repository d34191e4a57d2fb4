import { newImage, referenceOf } from "./fcos-parts";
import { drivers, FcosStage, newKernel, oldKernel, orders, pulls, twoSided } from "./fcos-stage";
import { done, failed, parseError, partial } from "./support";

const stage = new FcosStage();
const parts = ["expected", "seen", "next"];
const impatient = { retries: 1, intervalSeconds: 1 };
const sick = { healthChecks: { web: { unit: "web.service", ...impatient } } };

describe.each(drivers)("by %s", (driver) => {
  test("unhealthy: back by itself, proved, and up fails with the check", async () => {
    const { machine, old, image, news } = await stage.declared(
      { driver },
      sick,
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "confirm", code: "unhealthy", parts });
    expect(message).toContain("web.service");
    expect(message).toMatch(/rolled back|back to/);
    expect(machine.boots.map((each) => each.image.digest)).toEqual([old.digest, image.digest, old.digest]);
    expect(machine.deployments.all[0]?.image.digest).toBe(old.digest);
    expect(machine.root.list("var/lib/pulumi-immutable-os/guard")).toEqual([]);
    expect(machine.root.everywhere("sysroot/ostree/deploy").filter(([name]) => /guard/.test(name))).toEqual(
      [],
    );
    expect(machine.registry.pulls).toBe(1);
    // One connection a boot.
    expect(machine.connections).toBe(3);
  });

  test("a first move that is taken back leaves the machine's own updates at work", async () => {
    const { machine, news } = await stage.declared(
      { driver },
      sick,
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    machine.units.enabled.add("zincati.service");
    machine.units.set("zincati.service", "active");
    failed(await stage.provider.create(news));
    expect(machine.did(/^systemctl .*\bmask\b.* zincati/)).toHaveLength(1);
    expect(machine.units.masked.has("zincati.service")).toBe(false);
    expect(machine.units.isActive("zincati.service")).toBe(true);
  });

  test("an update that is unhealthy: the old state is the truth, to the last key", async () => {
    const { machine, image, news, props } = await stage.deployed({ driver }, sick);
    const bad = machine.offer(newImage(newKernel, { failedUnits: ["web.service"] }));
    const worse = { ...news, image: referenceOf(bad), ...twoSided(bad.digest, newKernel) };
    const { message } = failed(await stage.provider.update("web", props, worse));
    expect(parseError(message)).toMatchObject({ code: "unhealthy" });
    const { bootId: _, deployments: __, attempts: ___, ...truth } = props;
    const seen = await stage.provider.read("web", props);
    expect(seen.props).toMatchObject(truth);
    expect(seen.props).toMatchObject({
      attempts: [{ phase: "confirm", code: "unhealthy" }],
      deployments: [
        { digest: image.digest, role: "booted", pinned: true },
        { digest: bad.digest, pinned: false },
      ],
    });
    expect((await stage.provider.diff("web", seen.props, news)).changes).toBe("none");
  });

  test("the same bad image once more: it is on the disk, and nothing is downloaded", async () => {
    const { machine, news, old } = await stage.declared(
      { driver },
      sick,
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    failed(await stage.provider.create(news));
    machine.registry.reachable = false;
    failed(await stage.provider.create(news));
    expect(machine.registry.pulls).toBe(1);
    expect(machine.boots).toHaveLength(5);
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
  });

  test("automatic: false leaves it as it is, and tells so", async () => {
    const { machine, image, news } = await stage.declared(
      { driver },
      { ...sick, rollback: { automatic: false, guard: false } },
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ phase: "confirm", code: "unhealthy" });
    expect(machine.boots).toHaveLength(2);
    expect(props).toMatchObject({ unfinished: "confirm", booted: { digest: image.digest } });
    expect((await stage.provider.diff("web", props, news)).changes).not.toBe("none");
    // Somebody mends it there: the next up confirms without a reboot.
    machine.units.set("web.service", "active");
    const { props: last } = done(await stage.provider.update("web", props, news));
    expect(last).toMatchObject({ unfinished: "", booted: { digest: image.digest } });
    expect(machine.boots).toHaveLength(2);
  });

  test("automatic: false, and the guard is disarmed all the same: it must not fire after we told", async () => {
    const { machine, news } = await stage.declared(
      { driver },
      { ...sick, rollback: { automatic: false } },
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    partial(await stage.provider.create(news));
    expect(machine.root.has("var/lib/pulumi-immutable-os/guard/armed")).toBe(false);
  });

  test("the way back fails: what was seen is kept, and both are told", async () => {
    const { machine, image, news } = await stage.declared(
      { driver },
      sick,
      newImage(newKernel, { failedUnits: ["web.service"] }),
    );
    machine.answers.set(orders, () => ({ exitCode: 1, stderr: "error: No space left on device\n" }));
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "rollback-failed" });
    expect(message).toContain("No space left on device");
    expect(message).toContain("web.service");
    expect(props).toMatchObject({ booted: { digest: image.digest } });
  });

  test("declared: an earlier digest comes from the disk, with the registry away", async () => {
    const { machine, old, image, news, props } = await stage.deployed({ driver });
    machine.registry.reachable = false;
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    const { props: last } = done(await stage.provider.update("web", props, back));
    expect(machine.did(pulls)).toEqual([]);
    expect(machine.did(orders).length).toBeGreaterThan(0);
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
    expect(last).toMatchObject({
      ...twoSided(old.digest, oldKernel),
      deployments: [
        { digest: old.digest, role: "booted", pinned: true },
        { digest: image.digest, pinned: false },
      ],
      history: [{ digest: old.digest }, { digest: image.digest }],
    });
    // And forth again, by the same way.
    const { props: forth } = done(await stage.provider.update("web", last, news));
    expect(forth).toMatchObject({ booted: { digest: image.digest } });
    expect(machine.did(pulls)).toEqual([]);
    expect(machine.registry.pulls).toBe(1);
  });

  test("declared, with another one staged by somebody: that one is dropped first", async () => {
    const { machine, old, news, props } = await stage.deployed({ driver });
    const other = machine.offer(newImage("6.9.9-1.fc44.x86_64"));
    machine.byHand(
      driver === "bootc"
        ? `bootc switch ${referenceOf(other)}`
        : `rpm-ostree rebase ostree-unverified-registry:${referenceOf(other)}`,
    );
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    done(await stage.provider.update("web", props, back));
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
    expect(machine.deployments.staged).toBeUndefined();
    expect(machine.did(pulls)).toEqual([]);
  });

  test("declared, with the rollback queued by somebody already: the toggle is not undone", async () => {
    const { machine, old, news, props } = await stage.deployed({ driver });
    machine.byHand(`${driver} rollback`);
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    done(await stage.provider.update("web", props, back));
    expect(machine.bootedDeployment.image.digest).toBe(old.digest);
    expect(machine.did(pulls)).toEqual([]);
  });

  test("declared, one that is not on the disk any more: pulled", async () => {
    const { machine, old, news, props } = await stage.deployed({ driver });
    const next = machine.offer(newImage("6.13.0-1.fc44.x86_64"));
    const later = { ...news, image: referenceOf(next), ...twoSided(next.digest, "6.13.0-1.fc44.x86_64") };
    const { props: third } = done(await stage.provider.update("web", props, later));
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    const { props: last } = done(await stage.provider.update("web", third, back));
    expect(machine.did(pulls)).toHaveLength(2);
    expect(last).toMatchObject({ booted: { digest: old.digest } });
  });

  test("an old one on the disk that was broken since: refused before the reboot", async () => {
    const { machine, old, image, news, props } = await stage.deployed({ driver });
    const rollback = machine.deployments.list[1];
    const folder = `ostree/deploy/fedora-coreos/deploy/${rollback?.checksum}.${rollback?.serial}`;
    machine.root.remove(`${folder}/usr/lib/modules/${oldKernel}/initramfs.img`);
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    const { message } = failed(await stage.provider.update("web", props, back));
    expect(parseError(message)).toMatchObject({ code: "staged-check-failed" });
    expect(machine.bootedDeployment.image.digest).toBe(image.digest);
    expect(machine.deployments.all[0]?.image.digest).toBe(image.digest);
  });
});

test("a stock system in the rollback slot: bootc refuses it, and it is reached all the same", async () => {
  const { machine, old, news } = await stage.declared(
    { driver: "bootc", deployment: { reference: "" } },
    sick,
    newImage(newKernel, { failedUnits: ["web.service"] }),
  );
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ code: "unhealthy" });
  expect(machine.bootedDeployment.image.digest).toBe(old.digest);
});

test("the machine goes away on the way back: what is known is kept", async () => {
  const { machine, news } = await stage.declared(
    {},
    {
      ...sick,
      connection: { deadlines: { connectSeconds: 5, bootSeconds: 10, phaseSeconds: 60 } },
      rollback: { guard: false },
    },
    newImage(newKernel, { failedUnits: ["web.service"] }),
  );
  machine.bootedDeployment.image.boots = "panic";
  const { message, props } = partial(await stage.provider.create(news));
  expect(parseError(message)).toMatchObject({ code: "rollback-failed" });
  expect(props).toMatchObject({ hostKeys: [machine.hostKey.publicKey] });
});
