// The plugin is killed: the engine knows nothing, and the next up calls create again.
import type { FcosMachine } from "./fcos-machine";
import { drivers, during, FcosStage, newKernel, pulls, twoSided } from "./fcos-stage";
import type { Props } from "./provider-process";
import { done, failed, parseError, partial } from "./support";

const stage = new FcosStage();
// Nobody disarms it in time on a machine with much to do: that is another test's.
const unguarded = { rollback: { guard: false } };

async function killedAt(machine: FcosMachine, news: Props, step: RegExp): Promise<void> {
  const held = machine.heldAt(step);
  const create = stage.provider.create(news);
  const letGo = await during(create, held);
  await stage.provider.kill();
  await create;
  letGo();
  await stage.provider.launch();
  await machine.quiet();
}

describe.each(drivers)("by %s", (driver) => {
  test.each([
    ["the pull", pulls],
    ["finalizing", /^systemctl stop ostree-finalize-staged/],
    ["the reboot", /^systemctl .*reboot/],
    ["pinning", /^ostree admin pin/],
  ])("killed while it waits for %s: the next create goes on, and downloads once", async (_, step) => {
    const { machine, image, news } = await stage.declared({ driver }, unguarded);
    await killedAt(machine, news, step);
    const { props } = done(await stage.provider.create(news));
    expect(props).toMatchObject({ ...twoSided(image.digest, newKernel), unfinished: "" });
    expect(machine.registry.pulls).toBe(1);
    expect(machine.boots).toHaveLength(2);
    expect(machine.deployments.booted.pinned).toBe(true);
  });

  test("killed at the first look after the reboot: only confirmed", async () => {
    const { machine, image, news } = await stage.declared({ driver }, unguarded);
    const create = stage.provider.create(news);
    await during(create, machine.booted(2));
    await during(create, machine.reached(/^(rpm-ostree|bootc) status/));
    await stage.provider.kill();
    await create;
    await stage.provider.launch();
    await machine.quiet();
    machine.steps.splice(0);
    const { props } = done(await stage.provider.create(news));
    expect(machine.did(/reboot|rebase|switch|rollback/)).toEqual([]);
    expect(props).toMatchObject({ booted: { digest: image.digest }, unfinished: "" });
  });

  test("killed, and its pull is still at work: nothing is begun beside it", async () => {
    const { machine, news } = await stage.declared({ driver }, unguarded);
    const held = machine.heldAt(pulls);
    const create = stage.provider.create(news);
    const letGo = await during(create, held);
    await stage.provider.kill();
    await create;
    await stage.provider.launch();
    // What that pull leaves behind is not known yet: the state stays open.
    const { message, props } = partial(await stage.provider.create(news));
    expect(parseError(message)).toMatchObject({ phase: "rebase", code: "job-still-running" });
    expect(machine.did(pulls)).toHaveLength(1);
    letGo();
    await machine.quiet();
    done(await stage.provider.update("web", props, news));
    expect(machine.registry.pulls).toBe(1);
  });
});

test("killed with the guard armed, before the reboot: the next create goes on", async () => {
  const { machine, image, news } = await stage.declared();
  await killedAt(machine, news, /^systemctl .*reboot/);
  // Its order to reboot was given: the machine follows it.
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ booted: { digest: image.digest }, unfinished: "" });
  expect(machine.root.list("var/lib/pulumi-immutable-os/guard")).toEqual([]);
});

test("the machine loses its power while it pulls: a clear error, and the next up goes on", async () => {
  const { machine, news } = await stage.declared({}, unguarded);
  const held = machine.heldAt(pulls);
  const create = stage.provider.create(news);
  const letGo = await during(create, held);
  machine.reboot();
  await machine.booted(2);
  letGo();
  const result = await create;
  expect(result.end).not.toBe("done");
  const { props } = done(
    result.end === "partial"
      ? await stage.provider.update("web", result.props, news)
      : await stage.provider.create(news),
  );
  expect(props).toMatchObject({ unfinished: "" });
});

test("another run at the same time is refused, and the first one comes to its end", async () => {
  const { machine, news } = await stage.declared({}, unguarded);
  const held = machine.heldAt(pulls);
  const first = stage.provider.create(news);
  const letGo = await during(first, held);
  const { message } = failed(await stage.provider.create(news));
  letGo();
  expect(parseError(message)).toMatchObject({ code: "lease-held" });
  done(await first);
  expect(machine.did(pulls)).toHaveLength(1);
});
