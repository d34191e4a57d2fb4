import { imageIn, newDigest, newKernel, oldDigest, oldKernel } from "../support/fcos-builders";
import { fcosFacts, movedFacts, newOne, noGuard, oldOne, stagedNew } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";
import { aBootId, armed, onOld, playAnew, played, theWay, unhealthy, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);
beforeEach(playAnew);

describe("moving", () => {
  test("to an image: every step once, and the state is what the machine shows", async () => {
    const { state, error } = await up();
    expect(error).toBeUndefined();
    expect(played.machine.orders).toEqual(theWay);
    expect(state).toMatchObject({
      phase: "keep",
      unfinished: "",
      booted: { digest: newDigest, kernelRelease: newKernel, unlocked: "none", layering: [] },
      bootDefault: { digest: newDigest, deployment: "booted" },
      deployments: [
        { digest: newDigest, kernelRelease: newKernel, role: "booted", pinned: true },
        { digest: oldDigest, kernelRelease: oldKernel, role: "rollback", pinned: false },
      ],
      history: [{ digest: newDigest, kernelRelease: newKernel }],
      __declared: { digest: newDigest, kernelRelease: newKernel },
    });
    expect(JSON.stringify(state).length).toBeLessThan(4096);
    expect(played.machine.facts.guard).toEqual(noGuard);
  });

  test("again: nothing is ordered", async () => {
    const first = await up();
    played.machine.orders.length = 0;
    const { error } = await up({}, first.state);
    expect(error).toBeUndefined();
    expect(played.machine.orders).toEqual([]);
  });

  test("back by the state: from the disk, without a pull; the pin goes over", async () => {
    const first = await up();
    played.machine.orders.length = 0;
    const { state, error } = await up(imageIn(oldDigest, oldKernel), first.state);
    expect(error).toBeUndefined();
    expect(played.machine.orders).toEqual([
      "boot-order",
      "guard",
      "reboot",
      "disarm",
      "receipt",
      "pin",
      "unpin",
      "receipt",
    ]);
    expect(state?.history.map(({ digest }) => digest)).toEqual([oldDigest, newDigest]);
    expect(played.machine.facts.deployments.map(({ digest, pinned }) => [digest, pinned])).toEqual([
      [oldDigest, true],
      [newDigest, false],
    ]);
  });

  test("a pin of somebody else's stays for good", async () => {
    played.machine.pulled = stagedNew({ pinned: true });
    const first = await up();
    await up(imageIn(oldDigest, oldKernel), first.state);
    expect(played.machine.facts.deployments.map(({ pinned }) => pinned)).toEqual([true, true]);
  });

  test("with a kernel that nobody declares: the image's own is expected from then on", async () => {
    const { state } = await up(imageIn(newDigest));
    expect(state?.__declared).toEqual({ digest: newDigest, kernelRelease: newKernel, kernelOfImage: true });
  });
});

describe("a run that was killed is gone on with, by a create or an update", () => {
  test.each<[string, string[], () => Partial<PlayedFcos["facts"]>]>([
    ["after the pull", theWay.slice(1), () => ({ deployments: [stagedNew(), oldOne({ booted: true })] })],
    ["after finalizing", theWay.slice(2), () => ({ deployments: [newOne(), oldOne({ booted: true })] })],
    [
      "after the guard",
      theWay.slice(3),
      () => ({ deployments: [newOne(), oldOne({ booted: true })], guard: armed }),
    ],
    [
      "in the new boot",
      theWay.slice(4),
      () => ({
        ...movedFacts({ receipt: undefined, guard: armed }),
        deployments: [newOne({ booted: true }), oldOne()],
      }),
    ],
  ])("%s: only %j is left", async (_, orders, facts) => {
    for (const olds of [undefined, onOld()]) {
      played.machine = new PlayedFcos(fcosFacts({ ...facts(), bootId: aBootId }));
      const { state, error } = await up({}, olds);
      expect(error).toBeUndefined();
      expect(played.machine.orders).toEqual(orders);
      expect(state).toMatchObject({ phase: "keep", unfinished: "", booted: { digest: newDigest } });
    }
  });

  const unguarded = {
    guard: noGuard,
    receipt: { machine: "web", attempts: [], confirmed: { digest: oldDigest, kernelRelease: oldKernel } },
  };
  test("and found sick without a guard: what was confirmed last is where it goes back to", async () => {
    played.sick = unhealthy();
    played.machine = new PlayedFcos(movedFacts({ ...unguarded, bootId: aBootId }));
    const { state, error } = await up({ rollback: { guard: false } }, onOld());
    expect(error?.text()).toMatch(/web did not pass; rolled back to/);
    expect(state).toBeUndefined();
    expect(played.machine.booted?.digest).toBe(oldDigest);
  });

  test("and found sick where reboots are others' work: it stays, and the state says so", async () => {
    played.sick = unhealthy();
    played.machine = new PlayedFcos(movedFacts({ ...unguarded, bootId: aBootId }));
    const { state, error } = await up({ reboot: "manual" }, onOld());
    expect(error?.text()).toMatch(/still runs the new system/);
    expect(state).toMatchObject({ unfinished: "confirm", booted: { digest: newDigest } });
    expect(played.machine.orders).not.toContain("reboot");
  });

  test("and found sick in the new boot: its guard still knows where it came from", async () => {
    played.sick = unhealthy();
    played.machine = new PlayedFcos(movedFacts({ receipt: undefined, guard: armed, bootId: aBootId }));
    const { state, error } = await up({}, onOld());
    expect(error?.text()).toMatch(/web did not pass; rolled back to/);
    expect(state).toBeUndefined();
    expect(played.machine.booted?.digest).toBe(oldDigest);
  });
});
