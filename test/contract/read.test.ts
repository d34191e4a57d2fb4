import { newSystem } from "./machine-inputs";
import { done, harmless, Stage, urnOf, type Installed } from "./support";
import type { Props } from "./provider-process";

const stage = new Stage({ installed: 9 });
let host: Installed;

beforeEach(async () => void (host = await stage.installed()));

const read = (props = host.props): ReturnType<typeof stage.provider.read> =>
  stage.provider.read("web", props);
const said = (): string[] => stage.provider.engine.lasting(urnOf(host.news));
const stepsSince = (): string[] => host.machine.steps.slice(host.before.steps);

test("unchanged: one connection, one probe, the same state, no word", async () => {
  const seen = await read();
  expect(host.machine.connections).toBe(host.before.connections + 1);
  expect(stepsSince().length).toBe(1);
  expect(stepsSince()[0]).toMatch(/^probe in nixos/);
  expect(seen).toEqual({
    id: "web",
    props: host.props,
    inputs: { ...host.news, __provider: host.props["__provider"] },
  });
  expect(said()).toEqual([]);
});

const drifts: [string, () => void, string, Props][] = [
  [
    "somebody switched to another system",
    () => (host.machine.current = newSystem(host.machine, "other", "6.12.90").toplevel),
    "current.toplevel",
    { current: { toplevel: expect.stringContaining("other") as unknown } },
  ],
  [
    "another kernel runs",
    () => (host.machine.booted = newSystem(host.machine, "older", "6.6.6")),
    "booted.kernelRelease",
    { booted: { kernelRelease: "6.6.6", toplevel: expect.stringContaining("older") as unknown } },
  ],
  [
    "the next boot would be another system",
    () =>
      (host.machine.disk.bootEntry = {
        toplevel: `/nix/store/${"9".repeat(32)}-next`,
        kernelBytes: 1,
        initrdBytes: 1,
      }),
    "bootDefault.toplevel",
    { bootDefault: { toplevel: `/nix/store/${"9".repeat(32)}-next` } },
  ],
];

test.each(drifts)(
  "drift: %s, under the declared key, in outputs and inputs",
  async (_, change, key, observed) => {
    change();
    const seen = await read();
    expect(seen.props).toMatchObject(observed);
    expect(seen.inputs).toMatchObject(observed);
    expect(said()).toContainEqual(
      expect.stringMatching(new RegExp(`^warning: drift: .*: ${key.replace(".", "\\.")} is `)),
    );
    expect(stepsSince().filter((step) => !harmless.test(step))).toEqual([]);

    // What the engine does next: the declared inputs against these outputs.
    expect((await stage.provider.diff("web", seen.props, host.news)).changes).toBe("unknown");
    const { props } = done(await stage.provider.update("web", seen.props, host.news));
    expect(props).toMatchObject({
      booted: host.news["booted"],
      current: host.news["current"],
      bootDefault: host.news["bootDefault"],
    });
    expect((await stage.provider.diff("web", props, host.news)).changes).toBe("none");
  },
);

test("a drift that is still there is seen again, and one that went away is gone", async () => {
  const declared = host.machine.current;
  host.machine.current = newSystem(host.machine, "other", "6.12.90").toplevel;
  const drifted = await read();
  const again = await read(drifted.props);
  expect(again.inputs).toEqual(drifted.inputs);
  host.machine.current = declared;
  const back = await read(again.props);
  expect(back.props).toEqual(host.props);
  expect(back.inputs).toEqual({ ...host.news, __provider: host.props["__provider"] });
});

test("a host that does not answer is kept, with a warning", async () => {
  host.machine.unreachable();
  const seen = await read();
  expect(seen).toEqual({
    id: "web",
    props: host.props,
    inputs: { ...host.news, __provider: host.props["__provider"] },
  });
  expect(said()).toEqual([expect.stringMatching(/^warning: .*state is kept.*\[unreachable\]/s)]);
});

test("a host that answers nonsense is kept, with a warning", async () => {
  host.machine.fault = {
    step: `probe in nixos #${host.machine.steps.filter((step) => step.startsWith("probe in nixos")).length + 1}`,
    kind: "garbage",
  };
  const seen = await read();
  expect(seen.props).toEqual(host.props);
  expect(said()).toEqual([expect.stringMatching(/^warning: .*state is kept/s)]);
});

test("the machine's journal of failed attempts is shown", async () => {
  const receipt = JSON.parse(host.machine.disk.receipt) as Props;
  host.machine.disk.receipt = JSON.stringify({
    ...receipt,
    attempts: [{ at: "2026-01-01T00:00:00Z", phase: "switch", code: "activation-failed" }],
  });
  expect((await read()).props).toMatchObject({ attempts: [{ phase: "switch", code: "activation-failed" }] });
});

test("another operating system on the machine is drift, not an absence", async () => {
  host.machine.system = "debian";
  host.machine.current = undefined;
  host.machine.booted = undefined;
  const seen = await read();
  expect(seen.id).toBe("web");
  expect(said()).toContainEqual(expect.stringContaining("runs another operating system"));
  expect(stepsSince().filter((step) => !harmless.test(step))).toEqual([]);
});
