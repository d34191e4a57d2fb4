import { HostError } from "../../../provider/core/errors";
import { newDigest, newKernel, oldDigest, oldKernel } from "../support/fcos-builders";
import { newOne, noGuard, oldOne, stagedNew } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";
import { onOld, playAnew, played, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);
beforeEach(playAnew);

describe("a failure before the reboot leaves the old system, now and at the next boot", () => {
  const fails = { exitCode: 1 };
  test.each<[string, string, RegExp, (machine: PlayedFcos) => void]>([
    [
      "the pull",
      "rebase-failed",
      /could not be brought.*what runs is unchanged/,
      (it) => it.instead.set("rebase", () => fails),
    ],
    [
      "a pull that brought something else",
      "rebase-failed",
      /would boot something else/,
      (it) => (it.pulled = stagedNew({ digest: `sha256:${"9".repeat(64)}` })),
    ],
    [
      "no initramfs",
      "staged-check-failed",
      /was not rebooted; .* is not next any more/,
      (it) =>
        (it.pulled = stagedNew({
          kernels: [{ release: newKernel, kernelBytes: 1, initramfsBytes: 0, hasModulesDep: true }],
        })),
    ],
    ["finalizing", "finalize-failed", /could not finalize/, (it) => it.instead.set("finalize", () => fails)],
    [
      "finalizing that says 0 and drops it",
      "finalize-failed",
      /seen: +No space left on device/,
      (it) =>
        it.instead.set("finalize", () => {
          Object.assign(it.facts, {
            deployments: [oldOne({ booted: true })],
            finalizeFailure: "No space left on device",
          });
          return {};
        }),
    ],
    [
      "finalizing without an initrd line",
      "finalize-failed",
      /no initrd line/,
      (it) =>
        it.instead.set("finalize", () => {
          const bootEntry = { ...newOne().bootEntry!, initrd: "" };
          it.facts.deployments = [newOne({ bootEntry }), oldOne({ booted: true })];
          return {};
        }),
    ],
    [
      "the guard",
      "command-failed",
      /guard could not be written/,
      (it) => it.instead.set("guard", () => fails),
    ],
    [
      "a guard that says 0",
      "command-failed",
      /not armed for the deployment/,
      (it) => it.instead.set("guard", () => ({})),
    ],
  ])("%s", async (_, code, words, breaks) => {
    for (const olds of [undefined, onOld()]) {
      played.machine = new PlayedFcos();
      breaks(played.machine);
      const { state, error } = await up({}, olds);
      expect(error?.code).toBe(code);
      expect(error?.text()).toMatch(words);
      expect(state).toBeUndefined();
      expect(played.machine.facts.deployments[0]).toMatchObject({ digest: oldDigest, booted: true });
      expect(played.machine.facts.guard).toEqual(noGuard);
      expect(played.machine.orders).not.toContain("reboot");
    }
  });

  test("what cannot be taken back is unclear: the state says what is queued", async () => {
    played.machine.instead.set("guard", () => fails);
    played.machine.instead.set("boot-order", () => fails);
    const { state, error } = await up({}, onOld());
    expect(error?.text()).toMatch(/guard could not be written.*and it could not be taken back that/);
    expect(state).toMatchObject({
      phase: "finalize",
      unfinished: "guard",
      bootDefault: { digest: newDigest, deployment: "other" },
    });
  });

  test("a job that goes on without us is left alone", async () => {
    played.machine.instead.set("rebase", () => new HostError("deadline-exceeded", { what: "too slow" }));
    const { state, error } = await up({}, onOld());
    expect(error?.code).toBe("deadline-exceeded");
    expect(state).toMatchObject({ unfinished: "rebase", booted: { digest: oldDigest } });
    expect(played.machine.orders).toEqual(["rebase"]);
  });
});

describe("the reboot, told apart", () => {
  const inTheOld =
    (guard = noGuard, finalizeFailure = "") =>
    (it: PlayedFcos) => {
      it.facts.deployments.reverse();
      it.boot();
      Object.assign(it.facts, { guard, finalizeFailure });
      return {};
    };
  test.each<[string, string, RegExp, (it: PlayedFcos) => object]>([
    ["fell back", "fell-back", /the old system came back/, inTheOld()],
    [
      "fell back by its guard",
      "fell-back",
      /came back: its guard went back/,
      inTheOld({ ...noGuard, rolledBack: `${newOne().id} ${oldOne().id} x` }),
    ],
    [
      "was not finalized",
      "finalize-failed",
      /seen: +No space left/,
      inTheOld(noGuard, "No space left on device"),
    ],
    [
      "another kernel",
      "wrong-kernel",
      /^reboot: .*runs another kernel; rolled back to/,
      (it) => (it.boot(undefined, "6.1.0-x"), {}),
    ],
  ])("%s", async (_, code, words, reboots) => {
    let first = true;
    played.machine.instead.set("reboot", (it) => {
      const [next] = it.facts.deployments;
      if (!first) it.boot(next, oldKernel);
      else reboots(it);
      first = false;
      return {};
    });
    const { state, error } = await up({}, onOld());
    expect(error?.code).toBe(code);
    expect(error?.text()).toMatch(words);
    expect(state).toBeUndefined();
    expect(played.machine.facts.deployments[0]).toMatchObject({ digest: oldDigest, booted: true });
    expect(played.machine.facts.guard).toEqual(noGuard);
  });

  test("out of reach: unclear, and the guard's time is told", async () => {
    played.machine.instead.set("reboot", (it) => {
      it.boot();
      it.away = true;
      return {};
    });
    const { state, error } = await up({}, onOld());
    expect(error?.code).toBe("unreachable");
    expect(error?.text()).toMatch(/its guard takes the machine back 5 s after that/);
    expect(state).toMatchObject({ phase: "guard", unfinished: "reboot", __declared: { digest: newDigest } });
  });
});
