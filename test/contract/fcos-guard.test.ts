// The guard on the machine: real sh, started by the played boot, against the played front ends.
import { newImage, referenceOf } from "./fcos-parts";
import type { FcosMachine } from "./fcos-machine";
import { drivers, during, FcosStage, newKernel, oldKernel, short, twoSided } from "./fcos-stage";
import { done, failed, parseError, partial } from "./support";

const stage = new FcosStage();
const digests = (machine: FcosMachine): string[] => machine.boots.map((each) => each.image.digest);

/** Of the guard nothing is left: neither its unit nor its notes nor its process. */
function expectGone({ root }: FcosMachine): void {
  expect(root.list("var/lib/pulumi-immutable-os/guard")).toEqual([]);
  expect(root.everywhere("sysroot/ostree/deploy").filter(([name]) => /guard/.test(name))).toEqual([]);
}

describe.each(drivers)("by %s", (driver) => {
  test("armed before the boot entry is written, disarmed by the confirmation, and nothing of it is left", async () => {
    const { machine, image, news } = await stage.declared({ driver });
    const reboot = machine.reached(/^systemctl .*reboot/);
    const create = stage.provider.create(news);
    await during(create, reboot);
    expect(machine.root.read("var/lib/pulumi-immutable-os/guard/armed")).not.toBe("");
    const [next] = machine.deployments.list;
    // ostree's own merge took it along.
    const etc = `ostree/deploy/fedora-coreos/deploy/${next?.checksum}.${next?.serial}/etc/systemd/system`;
    expect(machine.root.list(etc).join(" ")).toContain("immutable-os");
    const { props } = done(await create);
    expect(next?.image.digest).toBe(image.digest);
    expectGone(machine);
    await machine.quiet();
    expect(machine.boots).toHaveLength(2);
    // Our own files are no drift.
    expect((await stage.provider.read("web", props)).props).toMatchObject({ changedEtc: [] });
  });

  test("nobody can reach the new system: it brings the old one back by itself", async () => {
    const { machine, old, image, news } = await stage.declared(
      { driver },
      { connection: short },
      newImage(newKernel, { boots: "no network" }),
    );
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ phase: "reboot", code: "unreachable" });
    expect(message).toMatch(/guard/);
    await machine.booted(3);
    expect(digests(machine)).toEqual([old.digest, image.digest, old.digest]);
    await machine.quiet();
    expect(machine.boots).toHaveLength(3);
    expect(machine.deployments.all[0]?.image.digest).toBe(old.digest);
    const seen = await stage.provider.read("web", props);
    expect(seen.props).toMatchObject({
      booted: { digest: old.digest },
      bootDefault: { deployment: "booted" },
    });
    // The program goes back to what runs: nothing is left to do but to confirm it.
    const back = { ...news, image: referenceOf(old), ...twoSided(old.digest, oldKernel) };
    const { props: last } = done(await stage.provider.update("web", seen.props, back));
    expect(last).toMatchObject({ booted: { digest: old.digest }, unfinished: "" });
    expect(machine.boots).toHaveLength(3);
    expectGone(machine);
  });

  test("the client is killed after the reboot was ordered: the machine comes back by itself", async () => {
    const { machine, old, image, news } = await stage.declared({ driver }, { connection: short });
    const reboot = machine.reached(/^systemctl .*reboot/);
    const create = stage.provider.create(news);
    await during(create, reboot);
    await stage.provider.kill();
    await create;
    await machine.booted(3);
    expect(digests(machine)).toEqual([old.digest, image.digest, old.digest]);
    await stage.provider.launch();
    const { props } = done(
      await stage.provider.create({
        ...news,
        connection: { ...(news["connection"] as object), deadlines: { bootSeconds: 60 } },
      }),
    );
    expect(props).toMatchObject({ booted: { digest: image.digest } });
    expect(machine.registry.pulls).toBe(1);
    expectGone(machine);
  });

  test("it fires in the armed deployment only: not in the one that the boot loader fell back to", async () => {
    const { machine, old, news } = await stage.declared(
      { driver },
      { connection: short },
      newImage(newKernel, { boots: "falls back" }),
    );
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ code: "fell-back" });
    await machine.quiet();
    expect(digests(machine)).toEqual([old.digest, old.digest]);
    expectGone(machine);
  });

  test("guard: false puts nothing there", async () => {
    const { machine, news } = await stage.declared({ driver }, { rollback: { guard: false } });
    const reboot = machine.reached(/^systemctl .*reboot/);
    const create = stage.provider.create(news);
    await during(create, reboot);
    expectGone(machine);
    done(await create);
  });
});
