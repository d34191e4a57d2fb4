import { plan, type Earlier } from "../../../provider/nixos/plan";
import { installKey } from "../../../provider/nixos/spec";
import { isInstaller, isNixos, requireInstaller, type NixosFacts } from "../../../provider/nixos/facts";
import type { NixosContext } from "../../../provider/nixos/context";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { installReceipt } from "../../../provider/nixos/install-receipt";
import { disko } from "../../../provider/nixos/phases/disko";
import { install as installPhase } from "../../../provider/nixos/phases/install";
import {
  contextOf,
  debianFacts,
  device,
  disk,
  inputsOf,
  installerFacts,
  nixosFacts,
} from "../support/builders";
import { failureOf } from "../support/fake-shell";

const key = installKey(inputsOf());
const receipt = {
  machine: "web",
  installKey: key,
  disks: [],
  done: ["kexec", "disko", "install"],
  attempts: [],
};
const install = ["preflight", "build", "kexec", "disko", "install", "reboot", "confirm"];
const update = ["build", "copy", "boot entry", "switch", "reboot", "confirm"];
const names = (facts: NixosFacts, earlier?: Earlier, inputs: NixosHostInputs = inputsOf()) =>
  plan(contextOf(inputs), facts, earlier).map((phase) => phase.name);
const consent = inputsOf({ install: { ...inputsOf().install, allowReinstall: [device] } });
const mine = { installKey: key };
const before = { installKey: "another" };
const brought = installerFacts({ receipt: { ...receipt, done: ["kexec"] } });
const broughtEarlier = installerFacts({ receipt: { ...receipt, installKey: "another", done: ["kexec"] } });

test.each<[string, string[], NixosFacts, Earlier | undefined, NixosHostInputs]>([
  ["a new machine is installed", install, debianFacts(), undefined, inputsOf()],
  ["an installer is gone on with", install, installerFacts(), undefined, inputsOf()],
  ["an installer after a state that never wiped", install, installerFacts(), { installKey: "" }, inputsOf()],
  ["an installer that this very install brought", install, brought, mine, inputsOf()],
  ["an installer that a reinstall brought", install, brought, before, inputsOf()],
  ["a foreign installer, for a reinstall with consent", install, installerFacts(), before, consent],
  ["a NixOS of mine, by the state", update, nixosFacts(), mine, inputsOf()],
  ["a NixOS of mine, by its receipt", update, nixosFacts(undefined, { receipt }), undefined, inputsOf()],
  ["a NixOS of mine, reinstalled with consent", install, nixosFacts(), before, consent],
  ["a foreign NixOS with consent", install, nixosFacts(), undefined, consent],
  ["a run that never got to the wipe", install, debianFacts(), { installKey: "" }, inputsOf()],
  ["another system on a machine of mine, with consent", install, debianFacts(), mine, consent],
])("%s", (_, expected, facts, earlier, inputs) => expect(names(facts, earlier, inputs)).toEqual(expected));

test.each<[string, string, NixosFacts, Earlier | undefined, NixosHostInputs]>([
  ["a foreign NixOS", "foreign-system", nixosFacts(), undefined, inputsOf()],
  [
    "a NixOS after a state that never wiped",
    "reinstall-refused",
    nixosFacts(),
    { installKey: "" },
    inputsOf(),
  ],
  ["a changed install without consent", "reinstall-refused", nixosFacts(), before, inputsOf()],
  ["another system on a machine of mine", "reinstall-refused", debianFacts(), mine, inputsOf()],
  ["a foreign installer on a machine of mine", "reinstall-refused", installerFacts(), mine, inputsOf()],
  ["the same, whatever the consent", "reinstall-refused", installerFacts(), mine, consent],
  ["an installer of another install of mine", "reinstall-refused", broughtEarlier, mine, inputsOf()],
  [
    "a foreign installer, for a reinstall without consent",
    "reinstall-refused",
    installerFacts(),
    before,
    inputsOf(),
  ],
  [
    "a receipt of another resource",
    "foreign-machine",
    nixosFacts(undefined, { receipt: { ...receipt, machine: "db" } }),
    mine,
    consent,
  ],
  [
    "a receipt of another resource in the installer",
    "foreign-machine",
    installerFacts({ receipt: { ...receipt, machine: "db" } }),
    undefined,
    consent,
  ],
  [
    "my receipt of an earlier install",
    "foreign-system",
    nixosFacts(undefined, { receipt: { ...receipt, installKey: "x" } }),
    undefined,
    inputsOf(),
  ],
  [
    "my receipt that never came to install",
    "foreign-system",
    nixosFacts(undefined, { receipt: { ...receipt, done: ["kexec"] } }),
    undefined,
    inputsOf(),
  ],
  ["no installer given", "bad-input", debianFacts(), undefined, inputsOf({ install: undefined })],
  ["no disko script", "bad-input", debianFacts(), undefined, inputsOf({ __diskoScript: "" })],
  [
    "no disks at all",
    "bad-input",
    debianFacts(),
    undefined,
    inputsOf({
      layout: { hash: "", devices: [], kept: [], mountpoints: [] },
      install: { kexec: { path: "b" } },
    }),
  ],
])("%s is refused", async (_, code, facts, earlier, inputs) => {
  expect((await failureOf(() => names(facts, earlier, inputs))).code).toBe(code);
});

test("a refusal names what is missing, all of it", async () => {
  const inputs = inputsOf({ install: undefined, __diskoScript: "" });
  const error = await failureOf(() => names(debianFacts(), undefined, inputs));
  expect(error.details.expected).toBe(
    "install.kexec (path, or url with sha256), disko in the configuration (system.build.diskoScript)",
  );
});

test("consent by the serial that the machine shows now", () => {
  const inputs = inputsOf({ install: { ...inputsOf().install, allowReinstall: ["LAB1"] } });
  expect(names(nixosFacts(), undefined, inputs)).toEqual(install);
  const other = nixosFacts(undefined, { disks: [disk({ serial: "LAB7" })] });
  expect(() => names(other, undefined, inputs)).toThrow("this resource did not install it");
});

test.each([
  [["kexec"], ["preflight", "kexec"]],
  [["disko"], ["build", "disko"]],
  [
    ["disko", "install"],
    ["build", "disko", "install"],
  ],
  [
    ["install", "reboot"],
    ["build", "install", "reboot", "confirm"],
  ],
  [["reboot"], ["reboot", "confirm"]],
])("install.phases %j", (phases, expected) => {
  const inputs = inputsOf({ install: { ...inputsOf().install, phases: phases as ["kexec"] } });
  expect(names(installerFacts(), undefined, inputs)).toEqual(expected);
});

test.each<[string, Partial<NixosFacts>]>([
  ["VARIANT_ID", { osRelease: { id: "nixos", variantId: "", versionId: "", prettyName: "" } }],
  ["a root in RAM", { mounts: [{ source: "/dev/vda1", target: "/", type: "ext4" }] }],
  ["a root at all", { mounts: [] }],
  ["init= from a store", { commandLine: "root=/dev/vda1" }],
])("an installer without %s is none", (_, changes) => {
  expect(isInstaller(installerFacts())).toBe(true);
  expect(isInstaller(installerFacts(changes))).toBe(false);
});

test.each([disko, installPhase])(
  "$name runs in the installer only, and touches nothing elsewhere",
  async (phase) => {
    for (const facts of [debianFacts(), nixosFacts()]) {
      const error = await failureOf(() => phase.run(contextOf(), facts));
      expect(error.code).toBe("not-in-installer");
      expect(error.text()).toContain(`${phase.name} runs in the installer only; nothing was changed`);
    }
    expect(() => requireInstaller(installerFacts(), phase.name)).not.toThrow();
  },
);

test("install wants the layout mounted", async () => {
  const error = await failureOf(() => installPhase.run(contextOf(), installerFacts()));
  expect(error.code).toBe("install-failed");
  expect(error.text()).toContain("nothing is mounted at /mnt; nothing was changed");
});

describe("the disks of the receipt", () => {
  const seen = { device, serial: "LAB1", wwn: "eui.1", sizeBytes: 7 };
  const disksOf = (facts: NixosFacts, notes: NixosContext["notes"] = {}) =>
    installReceipt({ ...contextOf(), notes }, facts, []).disks;

  test("are what this run saw before, without what only people read", () => {
    expect(disksOf(installerFacts(), { disksBefore: [{ ...seen, model: "m", holds: "empty" }] })).toEqual([
      seen,
    ]);
  });

  test.each<[string, object, object[]]>([
    ["of this install are kept", {}, [seen]],
    ["of another install are not", { installKey: "another" }, []],
    ["of another resource are not", { machine: "db" }, []],
  ])("%s", (_, changes, expected) => {
    expect(disksOf(installerFacts({ receipt: { ...receipt, disks: [seen], ...changes } }))).toEqual(expected);
  });
});

test("of several roots the last one mounted counts", () => {
  const roots = ["ext4", "tmpfs"].map((type) => ({ source: "x", target: "/", type }));
  expect(isInstaller(installerFacts({ mounts: roots }))).toBe(true);
  expect(isInstaller(installerFacts({ mounts: roots.reverse() }))).toBe(false);
});

test("neither Debian nor the installer is a NixOS", () => {
  expect(
    [nixosFacts(), debianFacts(), installerFacts(), nixosFacts(undefined, { currentSystem: "" })].map(
      isNixos,
    ),
  ).toEqual([true, false, false, false]);
});
