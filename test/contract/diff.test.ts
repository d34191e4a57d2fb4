import { runtime } from "@pulumi/pulumi";
import { newSystem } from "./machine-inputs";
import type { PlayedSystem } from "./machine-parts";
import type { Diff, Props } from "./provider-process";
import { Stage, urnOf, type Installed } from "./support";

const stage = new Stage({ installed: 1 });
const unknown = runtime.unknownValue;
let host: Installed;

beforeAll(async () => void (host = await stage.installed()));
beforeEach(() => void stage.provider.engine.lines.splice(0));
afterEach(() => {
  expect(host.machine.contacts).toBe(contactsOfInstall);
});

let contactsOfInstall: number;
beforeAll(() => void (contactsOfInstall = host.machine.contacts));

const diff = (news: Props, olds = host.props): Promise<Diff> => stage.provider.diff("web", olds, news);
const said = (): string[] => stage.provider.engine.lasting(urnOf(host.news));
const declared = (system: PlayedSystem): Props => stage.inputs(host.machine, { system });
const install = (more: Props): Props => ({
  ...host.news,
  install: { ...(host.news["install"] as Props), ...more },
});
const changedLayout = (): Props => ({
  ...host.news,
  layout: { ...(host.news["layout"] as Props), hash: "another" },
});

test("unchanged", async () => {
  expect(await diff(host.news)).toEqual({ changes: "none", replaces: [] });
  expect(said()).toEqual([]);
});

test.each(["__bootKey", "__diskoScript", "__urn", "__provider"])(
  "only %s differs: no change",
  async (key) => {
    expect(await diff({ ...host.news, [key]: "something else" })).toEqual({ changes: "none", replaces: [] });
  },
);

test("a key of the state that this version does not know: no change", async () => {
  expect(await diff(host.news, { ...host.props, laterKey: { deep: 1 } })).toEqual({
    changes: "none",
    replaces: [],
  });
});

test("another machine: replaced", async () => {
  expect((await diff({ ...host.news, machine: "database" })).replaces).toEqual(["machine"]);
});

test("another system with another kernel: a reboot, and why", async () => {
  expect(await diff(declared(newSystem(host.machine, "d", "6.13.1")))).toEqual({
    changes: "unknown",
    replaces: [],
  });
  expect(said()).toEqual([
    expect.stringMatching(
      /^update: .*-c → .*-d; reboot, because the kernel changes: 6\.12\.90 → 6\.13\.1; the disks stay as they are$/,
    ),
  ]);
});

test("another system with the same kernel and another initrd: a reboot, and why", async () => {
  await diff(declared(newSystem(host.machine, "e", "6.12.90", "other initrd")));
  expect(said()).toEqual([expect.stringContaining("reboot, because initrd or kernel parameters change")]);
});

test("another system that differs in nothing of that: no reboot, and why", async () => {
  await diff(declared(newSystem(host.machine, "f", "6.12.90")));
  expect(said()).toEqual([expect.stringContaining("no reboot: kernel, initrd and parameters stay the same")]);
});

const reinstalls: [string, () => Props, string][] = [
  ["another layout", changedLayout, "the disk layout changed"],
  ["another trigger", () => install({ reinstallTrigger: "again" }), "install.reinstallTrigger changed"],
];

test.each(reinstalls)("%s without consent: refused, with what to do", async (_, news, reason) => {
  await expect(diff(news())).rejects.toMatchObject({
    details: expect.stringMatching(
      new RegExp(`${reason}.*\\[reinstall-refused\\].*expected: install\\.allowReinstall.*next: `, "s"),
    ),
  });
});

test.each(reinstalls)("%s with consent: REINSTALL, with the disk, in place", async (_, news, reason) => {
  const wanted = news();
  const consenting = {
    ...wanted,
    install: { ...(wanted["install"] as Props), allowReinstall: ["LABDISK1"] },
  };
  expect(await diff(consenting)).toEqual({ changes: "unknown", replaces: [] });
  expect(said()).toEqual([
    expect.stringMatching(new RegExp(`^warning: REINSTALL: ${reason}\\. WIPES .*serial LABDISK1, 4\\.0 GiB`)),
  ]);
});

test("other disks without consent: refused; with it: REINSTALL, by what is known of them", async () => {
  const other = "/dev/disk/by-id/virtio-LABDISK9";
  const layout = { ...(host.news["layout"] as Props), devices: [other] };
  const moved = { ...install({ disks: [{ device: other }] }), layout };
  await expect(diff(moved)).rejects.toMatchObject({
    details: expect.stringMatching(/the disks changed.*\[reinstall-refused\].*to name \S*LABDISK9/s),
  });
  const agreed = { ...moved, ...install({ disks: [{ device: other }], allowReinstall: [other] }), layout };
  expect(await diff(agreed)).toEqual({ changes: "unknown", replaces: [] });
  expect(said()).toEqual([expect.stringMatching(/REINSTALL: the disks changed\. .*WIPES \S*LABDISK9/)]);
});

test.each([
  ["everything", () => Object.fromEntries(Object.keys(host.news).map((key) => [key, unknown]))],
  ["the machine's name", () => ({ ...host.news, machine: unknown })],
  [
    "the address",
    () => ({ ...host.news, connection: { ...(host.news["connection"] as Props), host: unknown } }),
  ],
  [
    "the system",
    () => ({
      ...host.news,
      system: { flake: unknown },
      current: unknown,
      booted: unknown,
      bootDefault: unknown,
    }),
  ],
  ["the layout", () => ({ ...host.news, layout: unknown })],
])("unknown: %s: never a replacement", async (_, news) => {
  expect(await diff(news())).toEqual({ changes: "unknown", replaces: [] });
});

test("an unfinished state is a change", async () => {
  expect((await diff(host.news, { ...host.props, unfinished: "switch" })).changes).toBe("some");
});
