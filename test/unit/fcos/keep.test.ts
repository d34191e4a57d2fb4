import { HostError } from "../../../provider/core/errors";
import { imageIn, oldDigest, oldKernel } from "../support/fcos-builders";
import { newOne, noGuard, oldOne } from "../support/fcos-facts";
import { onOld, playAnew, played, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);
beforeEach(playAnew);

const pins = (): [string, boolean][] =>
  played.machine.facts.deployments.map(({ id, pinned }) => [id, pinned]);
const dies = (): HostError => new HostError("connection-lost", { what: "the client was killed" });

describe("a run that is killed while it keeps what was confirmed leaves no pin that nobody knows", () => {
  test.each(["pin", "unpin"])("before it could %s", async (order) => {
    const first = await up();
    const before = pins();
    played.machine.instead.set(order, dies);
    const cut = await up(imageIn(oldDigest, oldKernel), first.state);
    expect(cut.error?.text()).toMatch(/the client was killed/);
    // Whose pins these are, the machine knows before it has them.
    expect(played.machine.facts.receipt).toMatchObject({ pinned: oldOne().id, unpin: [newOne().id] });
    played.machine.instead.clear();
    const { error, state } = await up(imageIn(oldDigest, oldKernel), cut.state);
    expect(error).toBeUndefined();
    expect(state).toMatchObject({ phase: "keep", unfinished: "" });
    expect(before).toEqual([
      [newOne().id, true],
      [oldOne().id, false],
    ]);
    expect(pins()).toEqual([
      [oldOne().id, true],
      [newOne().id, false],
    ]);
    expect(played.machine.facts.receipt).toMatchObject({ pinned: oldOne().id });
    expect(played.machine.facts.receipt).not.toHaveProperty("unpin");
  });

  test("and the next run declares the other one again", async () => {
    const first = await up();
    played.machine.instead.set("unpin", dies);
    await up(imageIn(oldDigest, oldKernel), first.state);
    played.machine.instead.clear();
    const { error } = await up({}, onOld());
    expect(error).toBeUndefined();
    expect(pins()).toEqual([
      [newOne().id, true],
      [oldOne().id, false],
    ]);
  });
});

describe("a daemon that tells for a while what was before", () => {
  test("is asked again, after the pin and after finalizing", async () => {
    const { machine } = played;
    const real = machine.look.bind(machine);
    let [stalePins, staleEnds] = [0, 0];
    machine.look = () => {
      const facts = real();
      const done = machine.orders.at(-1);
      if (done === "pin" && stalePins++ < 1)
        facts.deployments = facts.deployments.map((one) => ({ ...one, pinned: false }));
      if (done === "finalize" && staleEnds++ < 1)
        facts.deployments = [{ ...machine.pulled }, ...facts.deployments.slice(1)];
      return facts;
    };
    const { error } = await up();
    expect(error).toBeUndefined();
    expect(stalePins).toBeGreaterThan(1);
    expect(staleEnds).toBeGreaterThan(1);
  });
});

describe("an /etc that is made already is told of", () => {
  const warnings = (): string[] => played.progress.events.filter((event) => event.startsWith("warning"));
  const finalized = [newOne(), oldOne({ booted: true })];

  test("of a deployment that an earlier run finalized", async () => {
    played.machine.facts.deployments = structuredClone(finalized);
    expect((await up({}, onOld())).error).toBeUndefined();
    expect(warnings().join("\n")).toMatch(
      /an \/etc of its own: what was changed in \/etc since it was finalized, .* is not in it; .*`rpm-ostree cleanup -r`/,
    );
  });

  test("where the machine's tool cannot drop it, nothing is proposed", async () => {
    Object.assign(played.machine.facts, { deployments: structuredClone(finalized), driver: "bootc" });
    await up({}, onOld());
    expect(warnings().join("\n")).toMatch(/is not in it$/m);
  });

  test("not of one that is only staged: its /etc is merged when it is finalized", async () => {
    await up();
    expect(warnings()).toEqual([]);
  });

  test("of a way back from the disk", async () => {
    const first = await up();
    await up(imageIn(oldDigest, oldKernel), first.state);
    expect(played.progress.events.join("\n")).toMatch(
      /lasting .* is still on the disk: nothing is fetched, and \/etc will be as it was when it ran last/,
    );
    expect(played.machine.facts.guard).toEqual(noGuard);
  });
});
