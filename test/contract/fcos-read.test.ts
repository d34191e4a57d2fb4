// A refresh never changes a machine, and never drops one.
import { deploymentOf, newImage } from "./fcos-parts";
import { drivers, FcosStage } from "./fcos-stage";
import { done } from "./support";

const stage = new FcosStage();

test.each(drivers)("%s: nothing differs: one connection, the same state, no word", async (driver) => {
  const host = await stage.deployed({ driver });
  const connections = host.machine.connections;
  const seen = await stage.look(host);
  expect(host.machine.connections).toBe(connections + 1);
  expect(seen.props).toEqual(host.props);
  expect(seen.inputs).toEqual({ ...host.news, __provider: host.props["__provider"] });
  expect(seen.said).toEqual([]);
  expect((await stage.provider.diff("web", seen.props, host.news)).changes).toBe("none");
});

test.each(drivers)("%s: a machine that does not answer is kept as it was, and said so", async (driver) => {
  const host = await stage.deployed({ driver }, { connection: { deadlines: { connectSeconds: 2 } } });
  host.machine.cutOff();
  const seen = await stage.look(host);
  expect(seen.props).toEqual(host.props);
  expect(seen.inputs).toEqual({ ...host.news, __provider: host.props["__provider"] });
  expect(seen.said).toEqual([expect.stringMatching(/^warning: could not be looked at.*unreachable/s)]);
});

test("a front end that fails is not read as an empty machine", async () => {
  const host = await stage.deployed();
  host.machine.answers.set(/^rpm-ostree status/, () => ({
    exitCode: 1,
    stderr: "error: Loading sysroot: exit status: 1\n",
  }));
  const seen = await stage.look(host);
  expect(seen.props).toEqual(host.props);
  expect(seen.said.join("\n")).toContain("Loading sysroot");
});

test("a third deployment, pinned by somebody, is listed and left alone", async () => {
  const host = await stage.declared();
  const other = deploymentOf(newImage("5.5.5-1.fc44.x86_64"), { pinned: true });
  host.machine.deployments.add(other);
  const { props } = done(await stage.provider.create(host.news));
  expect(props["deployments"]).toContainEqual({
    digest: other.image.digest,
    kernelRelease: "5.5.5-1.fc44.x86_64",
    role: "other",
    pinned: true,
  });
});

test("delete forgets, and touches nothing", async () => {
  const { machine, props } = await stage.deployed();
  const before = machine.root.snapshot();
  await stage.provider.delete("web", props);
  expect(machine.steps).toEqual([]);
  expect(machine.root.snapshot()).toBe(before);
});
