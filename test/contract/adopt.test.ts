import { newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import type { PlayedSystem } from "./machine-parts";
import type { Props } from "./provider-process";
import { done, failed, harmless, parseError, Stage, urnOf } from "./support";

const stage = new Stage();
const parts = ["expected", "seen", "next"];
const all = ["kexec", "disko", "install"];

async function running(
  receipt: object | undefined,
): Promise<{ machine: Machine; system: PlayedSystem; news: Props }> {
  const machine = await stage.machine();
  const theirs = newSystem(machine, "theirs", "6.6.6");
  await machine.becomeInstalled(theirs, receipt === undefined ? "" : JSON.stringify(receipt));
  const system = newSystem(machine, "c", "6.12.90");
  const news = { ...stage.inputs(machine, { system, install: undefined }), adopt: true };
  return { machine, system, news };
}

const foreign = { machine: "database", installKey: "x", disks: [], done: all, attempts: [] };
const earlier = { ...foreign, machine: "web" };

test.each<[string, object | undefined]>([
  ["no receipt", undefined],
  ["the receipt of another resource", foreign],
  ["an old receipt of its own, of another install", earlier],
])("a NixOS with %s is taken over: moved, not wiped, and ours from then on", async (_, receipt) => {
  const { machine, system, news } = await running(receipt);
  const { props } = done(await stage.provider.create(news));
  expect(props).toMatchObject({ phase: "confirm", current: { toplevel: system.toplevel } });
  expect(props["disks"]).toMatchObject([{ serial: "LABDISK1" }]);
  expect(machine.disk.wiped).toBe(0);
  expect(machine.steps.some((step) => /^(kexec|start disko|start install) in/.test(step))).toBe(false);
  expect(stage.provider.engine.lasting(urnOf(news))[0]).toMatch(
    /^ADOPT: web.* is taken over as it runs: NixOS 25\.05 .* kernel 6\.6\.6\. Nothing is wiped; .* on trust$/,
  );
  const key = (props["__installed"] as Props)["installKey"];
  const ours = { machine: "web", installKey: key, done: all, disks: [{ serial: "LABDISK1" }] };
  expect(JSON.parse(machine.disk.receipt)).toMatchObject(ours);

  // The state is lost, and adopt is gone from the program: it is installed all the same.
  const since = machine.steps.length;
  const { adopt: _adopt, ...without } = news;
  done(await stage.provider.create(without));
  expect(machine.steps.slice(since).filter((step) => !harmless.test(step))).toEqual([]);
});

test.each<[string, object | undefined, string]>([
  ["no receipt", undefined, "foreign-system"],
  ["the receipt of another resource", foreign, "foreign-machine"],
])("without adopt a NixOS with %s is refused, and the error names adopt", async (_, receipt, code) => {
  const { machine, news } = await running(receipt);
  const { message } = failed(await stage.provider.create({ ...news, adopt: false }));
  expect(parseError(message)).toEqual({ phase: "", code, parts });
  expect(message).toContain("set adopt: true; nothing is wiped then");
  expect(machine.steps.filter((step) => !harmless.test(step))).toEqual([]);
});

test("a machine that runs no NixOS is not adopted, and says what else to do", async () => {
  const machine = await stage.machine();
  const news = { ...stage.inputs(machine, { system: newSystem(machine, "c", "6.12.90") }), adopt: true };
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "", code: "foreign-system", parts });
  expect(message).toContain("adopt is for a machine that runs NixOS already");
  expect(message).toContain("take adopt out of the program");
  expect(machine.steps.filter((step) => !harmless.test(step))).toEqual([]);
});

test("adopt needs no install arguments, and once adopted another layout needs consent", async () => {
  const { news } = await running(undefined);
  expect((await stage.provider.check({}, news)).failures).toEqual([]);
  const { props } = done(await stage.provider.create(news));
  expect((await stage.provider.diff("web", props, news)).changes).toBe("none");
  const layout = { ...(news["layout"] as Props), hash: "another" };
  await expect(stage.provider.diff("web", props, { ...news, layout })).rejects.toMatchObject({
    details: expect.stringContaining("[reinstall-refused]"),
  });
});

test("an adoption that stops half-way goes on as one", async () => {
  const { machine, news } = await running(undefined);
  machine.quirks.jobs = { register: { output: "no space left in /boot", exitCode: 1 } };
  const first = await stage.provider.create(news);
  if (first.end !== "partial") throw new Error(first.end);
  expect(JSON.parse(machine.disk.receipt)).toMatchObject({ done: [], attempts: [{ phase: "boot entry" }] });
  stage.provider.engine.lines.splice(0);
  expect((await stage.provider.diff("web", first.props, news)).changes).toBe("some");
  expect(stage.provider.engine.lasting(urnOf(news)).join()).toContain("ADOPT goes on: nothing is wiped");
  delete machine.quirks.jobs;
  done(await stage.provider.update("web", first.props, news));
  expect(machine.disk.wiped).toBe(0);
});
