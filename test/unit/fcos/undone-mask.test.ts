import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unmaskUpdateDrivers } from "../../../provider/fcos/update-drivers";
import { fcosFacts, movedFacts, newOne, oldOne } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";
import { aBootId, armed, onOld, playAnew, played, unhealthy, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);

const zincati = [{ name: "Zincati (zincati.service)", unit: "zincati.service" }];
const fails = { exitCode: 1 };

describe("what a run that is undone has masked works again", () => {
  beforeEach(() => {
    playAnew();
    played.machine.facts.updateDrivers = structuredClone(zincati);
  });

  test.each<[string, string[], () => void]>([
    [
      "before the reboot",
      ["mask", "rebase", "unmask"],
      () => played.machine.instead.set("rebase", () => fails),
    ],
    [
      "after it",
      ["mask", "rebase", "finalize", "guard", "reboot", "boot-order", "reboot", "disarm", "unmask"],
      () => (played.sick = unhealthy()),
    ],
    [
      "when masking failed half-way",
      ["mask", "unmask"],
      () => played.machine.instead.set("mask", () => fails),
    ],
  ])("%s", async (_, orders, breaks) => {
    for (const olds of [undefined, onOld()]) {
      played.machine = new PlayedFcos(
        fcosFacts({ bootId: aBootId, updateDrivers: structuredClone(zincati) }),
      );
      breaks();
      const { state, error } = await up({}, olds);
      expect(state).toBeUndefined();
      expect(error?.text()).toMatch(/; Zincati \(zincati\.service\) works again/);
      expect(played.machine.orders).toEqual(orders);
    }
  });

  test("where it does not, the error says so, and what to run", async () => {
    played.machine.instead.set("rebase", () => fails);
    played.machine.instead.set("unmask", () => ({ exitCode: 1, stderr: "zincati.service is failed\n" }));
    const { state, error } = await up();
    expect(state).toBeUndefined();
    expect(error?.code).toBe("rebase-failed");
    expect(error?.text()).toMatch(
      /was masked by this run and does not work again \(zincati\.service is failed\).*`systemctl unmask zincati\.service`/,
    );
  });

  test("a machine that was moved keeps it masked", async () => {
    expect((await up()).error).toBeUndefined();
    expect(played.machine.orders).not.toContain("unmask");
  });

  test("what was masked in the system that is left behind is left there", async () => {
    played.sick = unhealthy();
    const deployments = [newOne({ booted: true }), oldOne()];
    played.machine = new PlayedFcos(
      movedFacts({
        ...{ receipt: undefined, guard: armed, deployments, bootId: aBootId },
        updateDrivers: structuredClone(zincati),
      }),
    );
    const { error } = await up({}, onOld());
    expect(error?.text()).toMatch(/rolled back to/);
    expect(played.machine.orders).toContain("mask");
    expect(played.machine.orders).not.toContain("unmask");
  });
});

describe("the script believes systemd's own word", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unmask-test-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["enabled", "active", 0, ""],
    ["masked", "active", 1, "zincati.service is still masked\n"],
    ["enabled", "failed", 1, "zincati.service is failed\n"],
  ])("%s and %s: %d", (enabled, active, code, words) => {
    const systemctl = `#!/bin/sh
echo "$*" >> ${folder}/asked
case $1 in
  is-enabled) echo ${enabled} ;;
  is-active) [ "$2" = --quiet ] || echo ${active}; [ ${active} = active ] ;;
esac
`;
    writeFileSync(join(folder, "systemctl"), systemctl);
    chmodSync(join(folder, "systemctl"), 0o755);
    const done = spawnSync("sh", ["-c", unmaskUpdateDrivers(["zincati.service"])], {
      env: { PATH: `${folder}:${process.env["PATH"]}` },
      encoding: "utf8",
    });
    expect([done.status, done.stderr]).toEqual([code, words]);
    expect(readFileSync(`${folder}/asked`, "utf8")).toMatch(
      /^unmask zincati\.service\nstart zincati\.service\n/,
    );
  });
});
