import type { Earlier } from "../../../provider/nixos/context";
import { plan } from "../../../provider/nixos/plan";
import { installKey } from "../../../provider/nixos/spec";
import { isInstaller, isNixos, requireInstaller, type NixosFacts } from "../../../provider/nixos/facts";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { disko } from "../../../provider/nixos/phases/disko";
import { install as installPhase } from "../../../provider/nixos/phases/install";
import {
  alpha,
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
const update = ["store check", "build", "copy", "boot entry", "switch", "reboot", "confirm"];
const names = (facts: NixosFacts, earlier?: Earlier, inputs: NixosHostInputs = inputsOf()) =>
  plan(contextOf(inputs), facts, earlier).map((phase) => phase.name);
const consent = inputsOf({ install: { ...inputsOf().install, allowReinstall: [device] } });
const mine = { installKey: key };
const before = { installKey: "another" };
const brought = installerFacts({ receipt: { ...receipt, done: ["kexec"] } });
const broughtEarlier = installerFacts({ receipt: { ...receipt, installKey: "another", done: ["kexec"] } });

const halfWay = { installKey: "", begun: key };
const adopting = inputsOf({ adopt: true });
const half = { ...receipt, done: ["kexec", "disko"] };
const theirs = { ...receipt, machine: "db" };
const old = { ...receipt, installKey: "x" };

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
  ["a foreign installer, where disko had begun", install, installerFacts(), halfWay, inputsOf()],
  ["the same where disko was proved", install, installerFacts(), { ...mine, begun: key }, inputsOf()],
  [
    "another system where disko had begun on another disk",
    install,
    debianFacts(),
    { ...mine, begun: key },
    inputsOf(),
  ],
  [
    "a NixOS from the disk that my disko made",
    update,
    nixosFacts(alpha, { receipt: half }),
    undefined,
    inputsOf(),
  ],
  ["a foreign NixOS that is adopted", update, nixosFacts(), undefined, adopting],
  ["the same after a try that failed", update, nixosFacts(), { installKey: "" }, adopting],
  [
    "an adopted NixOS that another resource had",
    update,
    nixosFacts(alpha, { receipt: theirs }),
    undefined,
    adopting,
  ],
  [
    "an adopted NixOS of an earlier install of mine",
    update,
    nixosFacts(alpha, { receipt: old }),
    undefined,
    adopting,
  ],
  ["adopted before, installed anew by now", update, nixosFacts(alpha, { receipt }), mine, adopting],
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
  ["a Debian that is to be adopted", "foreign-system", debianFacts(), undefined, adopting],
  ["an installer that is to be adopted", "foreign-system", installerFacts(), undefined, adopting],
  [
    "another architecture",
    "preflight-refused",
    nixosFacts(alpha, { architecture: "aarch64" }),
    undefined,
    adopting,
  ],
  ["another layout of what is mine, with adopt", "reinstall-refused", nixosFacts(), before, adopting],
  [
    "disko of another install had begun",
    "reinstall-refused",
    installerFacts(),
    { ...before, begun: "x" },
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
