import { read } from "../../../provider/fcos/read";
import type { FcosState } from "../../../provider/fcos/state";
import { fcosInputsOf, newDigest, oldDigest, oldKernel } from "../support/fcos-builders";
import { movedFacts, newOne, noGuard, oldOne } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";
import { aBootId, onOld, playAnew, played, unhealthy, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);
beforeEach(playAnew);

describe("sick in the new boot", () => {
  beforeEach(() => (played.sick = unhealthy()));

  test("back by itself, proved; the error is the check's, the old state stays", async () => {
    const { state, error } = await up({}, onOld());
    expect(error?.code).toBe("unhealthy");
    expect(error?.text()).toMatch(
      /web did not pass; rolled back to sha256:\w{12}, kernel 6\.1\S+: boot_id changed/,
    );
    expect(error?.text()).toMatch(/next: +mend it/);
    expect(state).toBeUndefined();
    expect(played.machine.orders).toEqual([
      "rebase",
      "finalize",
      "guard",
      "reboot",
      "boot-order",
      "reboot",
      "disarm",
    ]);
    expect(played.machine.facts).toMatchObject({ kernelRelease: oldKernel, guard: noGuard });
  });

  test("a rollback that ends elsewhere is none: unclear, with both reasons", async () => {
    const third = oldOne({ id: `${"c".repeat(64)}.0` });
    let reboots = 0;
    played.machine.instead.set("reboot", (it) => {
      if (++reboots > 1) it.facts.deployments.unshift(third);
      it.boot();
      return {};
    });
    const { state, error } = await up({}, onOld());
    expect(error?.code).toBe("rollback-failed");
    expect(error?.text()).toMatch(/web did not pass \[unhealthy\], and the machine could not be taken back/);
    expect(error?.text()).toMatch(
      /seen: +503; then the machine was rebooted, but does not run the earlier system: sha256/,
    );
    expect(state).toMatchObject({ phase: "reboot", unfinished: "confirm", booted: { digest: oldDigest } });
    // It may still come back by itself.
    expect(played.machine.facts.guard.armedFor).toBe(newOne().id);
  });

  test("an earlier deployment that could not boot is not tried", async () => {
    played.machine.instead.set("boot-order", (it) => {
      it.facts.deployments = [oldOne({ bootEntry: undefined }), newOne({ booted: true })];
      return {};
    });
    const { error } = await up({}, onOld());
    expect(error?.text()).toMatch(
      /seen: +503; then the earlier deployment is not what the next boot would start: no boot entry/,
    );
    expect(played.machine.orders.filter((order) => order === "reboot")).toHaveLength(1);
  });

  test("where nobody wants that, it is left to be looked at, and the guard leaves it, too", async () => {
    const { state, error } = await up({ rollback: { automatic: false } }, onOld());
    expect(error?.text()).toMatch(/still runs the new system/);
    expect(state).toMatchObject({ unfinished: "confirm", booted: { digest: newDigest } });
    expect(played.machine.facts.guard).toEqual(noGuard);
  });

  test("a host that ran the image before is left as it was", async () => {
    played.machine = new PlayedFcos(movedFacts({ bootId: aBootId }));
    const { state, error } = await up();
    expect(error?.code).toBe("unhealthy");
    expect(state).toBeUndefined();
    expect(played.machine.orders).toEqual(["receipt"]);
    expect(played.machine.facts.receipt?.attempts).toMatchObject([{ phase: "confirm", code: "unhealthy" }]);
  });
});

test("what cannot be kept after a move is a partial failure: the new system runs", async () => {
  played.machine.instead.set("pin", () => ({ exitCode: 1, stderr: "no" }));
  const { state, error } = await up({}, onOld());
  expect(error?.text()).toMatch(/could not be pinned/);
  expect(state).toMatchObject({ phase: "confirm", unfinished: "keep", booted: { digest: newDigest } });
});

describe("reboots that are left to others", () => {
  const manual = { reboot: "manual" } as const;

  test("staged, no drift is told, and the next run confirms what somebody started", async () => {
    const first = await up(manual, onOld());
    expect(played.machine.orders).toEqual(["rebase"]);
    expect(first.state).toMatchObject({ phase: "check staged", bootDefault: { deployment: "staged" } });
    expect(played.progress.events.join("\n")).toMatch(/reboot is manual/);
    const state = first.state as FcosState;
    const tools = { connect: played.machine.connect, progress: played.progress };
    expect(await read(tools, state, fcosInputsOf(manual))).toMatchObject({
      drift: [],
      inputs: { booted: { digest: newDigest } },
    });
    played.machine.boot({ ...played.machine.pulled });
    played.machine.facts.deployments = played.machine.facts.deployments.map((one) => ({
      ...one,
      staged: false,
    }));
    const { state: end, error } = await up(manual, state);
    expect(error).toBeUndefined();
    expect(end).toMatchObject({ phase: "keep", booted: { digest: newDigest } });
  });

  test("a reboot that did not get there is told once, with ostree's words; then it is tried anew", async () => {
    const first = await up(manual, onOld());
    played.machine.facts.deployments = [oldOne({ booted: true })];
    played.machine.boot();
    played.machine.facts.finalizeFailure = "No space left on device";
    const told = await up(manual, first.state);
    expect(told.error?.code).toBe("finalize-failed");
    expect(told.error?.text()).toMatch(/^reboot: .*old system came back/);
    expect(told.state).toMatchObject({ phase: "", unfinished: "reboot", booted: { digest: oldDigest } });
    const again = await up(manual, told.state);
    expect(again.error).toBeUndefined();
    expect(again.state).toMatchObject({ phase: "check staged" });
  });
});
