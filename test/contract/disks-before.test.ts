import { diskoScript, newSystem } from "./machine-inputs";
import type { Machine } from "./machine-model";
import { byId } from "./played-disks";
import type { Props } from "./provider-process";
import { done, failed, harmless, parseError, Stage, urnOf } from "./support";

const stage = new Stage();
const allParts = ["expected", "seen", "next"];

interface Declared {
  install?: Props;
  more?: Props;
}

async function declared({ install = {}, more = {} }: Declared = {}): Promise<{
  machine: Machine;
  news: Props;
}> {
  const machine = await stage.machine();
  const system = newSystem(machine, "c", "6.12.90");
  return { machine, news: { ...stage.inputs(machine, { system, install }), ...more } };
}

const changing = (machine: Machine): string[] =>
  machine.steps.filter((step) => !harmless.test(step) && !/lease/.test(step));

const refusedBefore: [string, Declared, RegExp][] = [
  [
    "a disk smaller than the layout",
    { more: needs({ diskBytes: { [byId("LABDISK1")]: 5 * 1024 ** 3 } }) },
    /virtio-LABDISK1 has 4\.0 GiB, the layout needs at least 5\.0 GiB/,
  ],
  [
    "two names of one disk",
    {
      install: { disks: [{ device: byId("LABDISK1") }, { device: "/dev/vda" }] },
      more: { layout: { hash: "x", devices: [byId("LABDISK1"), "/dev/vda"], kept: [], mountpoints: ["/"] } },
    },
    /virtio-LABDISK1 and \/dev\/vda are one disk, \/dev\/vda/,
  ],
  [
    "another model",
    { install: { disks: [{ device: byId("LABDISK1"), model: "X" }] } },
    /has model QEMU HARDDISK, not X/,
  ],
  [
    "a boot that would wait for a passphrase",
    { more: needs({ passphrases: ["crypted"] }) },
    /wait for a passphrase of crypted/,
  ],
];

function needs(more: object): Props {
  return { __needs: { system: "x86_64-linux", bootMode: "bios", ...more } };
}

test.each(refusedBefore)("%s is refused before the machine is touched", async (_, program, seen) => {
  const { machine, news } = await declared(program);
  const { message } = failed(await stage.provider.create(news));
  expect(parseError(message)).toEqual({ phase: "preflight", code: "preflight-refused", parts: allParts });
  expect(message).toMatch(seen);
  expect(changing(machine)).toEqual([]);
});

test("an encrypted root that somebody unlocks at the console: the reboot says so", async () => {
  const { news } = await declared({
    install: { encryptedRootUnlock: "console" },
    more: needs({ passphrases: ["crypted"] }),
  });
  done(await stage.provider.create(news));
  expect(stage.provider.engine.lasting(urnOf(news)).join("\n")).toContain(
    "reboot: somebody must unlock crypted at the machine's console now",
  );
});

test.each([
  ["mount", "disko-mount", /^disko: .* the layout that was there mounted/, /^mounting what is on /, 0],
  ["format", "disko-format-mount", /^disko: .* the new layout mounted/, /^formatting what is not/, 1],
])("mode %s runs its own script, and says what it does", async (diskoMode, name, proved, doing, wiped) => {
  const script = `/nix/store/${"3".repeat(32)}-${name}`;
  const { machine, news } = await declared({ install: { diskoMode }, more: { __diskoScript: script } });
  done(await stage.provider.create(news));
  expect(machine.heard.join()).toContain(`script=${script}`);
  expect(machine.heard.join()).not.toContain(diskoScript);
  const said = stage.provider.engine.lasting(urnOf(news));
  expect(said.filter((line) => proved.test(line))).toHaveLength(1);
  expect(said.filter((line) => doing.test(line))).toHaveLength(1);
  expect(said.join("\n")).not.toMatch(/wip(es|ing)/i);
  expect(machine.disk.wiped).toBe(wiped);
  expect(machine.receipts.some((receipt) => receipt.includes('"wiping":true'))).toBe(diskoMode === "format");
});

const stretches = [
  ["disko"],
  ["disko", "install"],
  ["disko", "install", "reboot"],
  ["install"],
  ["install", "reboot"],
  ["reboot"],
];

test.each(stretches.map((phases) => [phases]))(
  "%j on a live system: refused before anything runs",
  async (phases) => {
    const { machine, news } = await declared({ install: { phases } });
    const { message } = failed(await stage.provider.create(news));
    expect(parseError(message)).toEqual({ phase: "", code: "not-in-installer", parts: allParts });
    expect(message).toContain("nothing was changed");
    expect(changing(machine)).toEqual([]);
  },
);

test("the same stretches in an installer that runs already are for it", async () => {
  const { machine, news } = await declared({ install: { phases: ["kexec"] } });
  const { props } = done(await stage.provider.create(news));
  const rest: Props = {
    ...news,
    install: { ...(news["install"] as Props), phases: ["disko", "install", "reboot"] },
  };
  done(await stage.provider.update("web", props, rest));
  expect(machine.disk.wiped).toBe(1);
});
