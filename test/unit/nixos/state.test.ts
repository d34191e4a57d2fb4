import { findNixosDrift, observedKeys } from "../../../provider/nixos/drift";
import { stateOf } from "../../../provider/nixos/state";
import { confirm } from "../../../provider/nixos/phases/confirm";
import { bootable, shortPath } from "../../../provider/nixos/phases/install";
import { plainState } from "../../../provider/runtime/state";
import {
  alpha,
  beta,
  contextOf,
  debianFacts,
  device,
  inputsOf,
  installerFacts,
  nixosFacts,
  stateWith,
} from "../support/builders";

const driftOf = (changes: Parameters<typeof nixosFacts>[1]) =>
  findNixosDrift(inputsOf(), nixosFacts(alpha, changes)).map((drift) => drift.key);
const live = nixosFacts().live;

test.each<[string, Parameters<typeof nixosFacts>[1], string[]]>([
  ["the declared system", {}, []],
  ["another kernel", { kernelRelease: "5.10" }, ["booted.kernelRelease"]],
  ["somebody activated another one", { currentSystem: beta }, ["current.toplevel"]],
  [
    "the next boot would be another one",
    { live: { ...live, bootDefault: { ...live.bootDefault, toplevel: beta } } },
    ["bootDefault.toplevel"],
  ],
  ["another one was booted", { bootedSystem: beta, bootedFiles: "kernel-d initrd-d" }, ["booted.toplevel"]],
  ["after a live switch an older one with the same kernel is the booted one", { bootedSystem: beta }, []],
  [
    "the same, but the host lost the declared one",
    { bootedSystem: beta, wantedFiles: "" },
    ["booted.toplevel"],
  ],
])("drift: %s", (_, changes, keys) => expect(driftOf(changes)).toEqual(keys));

test("the observed keys after a live switch", () => {
  expect(observedKeys(nixosFacts(alpha, { bootedSystem: beta }), alpha)).toEqual({
    booted: { kernelRelease: "6.1.0-c", toplevel: alpha },
    current: { toplevel: alpha },
    bootDefault: { toplevel: alpha },
  });
});

describe("confirm", () => {
  const verdict = (facts: ReturnType<typeof nixosFacts>) => confirm.verify(facts, contextOf(), facts);
  test("every key as declared is the proof", () => {
    expect(verdict(nixosFacts())).toEqual({
      proved: expect.stringMatching(
        /^kernel 6\.1\.0-c, aaaaaaaa…-nixos.* booted, current and boot default$/,
      ) as string,
    });
  });
  test("any drift refutes it, with both sides", () => {
    expect(verdict(nixosFacts(alpha, { kernelRelease: "5.10" }))).toMatchObject({
      code: "wrong-system",
      expected: "booted.kernelRelease 6.1.0-c",
      seen: "booted.kernelRelease 5.10",
    });
  });
  test("another operating system refutes it; what os-release says is no proof of one", () => {
    expect(verdict(debianFacts())).toMatchObject({
      code: "wrong-system",
      seen: expect.stringContaining("current.toplevel nothing") as string,
    });
    const { osRelease } = debianFacts();
    expect(verdict(nixosFacts(alpha, { osRelease }))).toMatchObject({ proved: expect.any(String) as string });
  });
});

describe("bootable", () => {
  const root = (changes: object) => ({ ...live, bootDefault: { ...live.bootDefault, ...changes } });
  test.each([
    ["all there", live, undefined],
    ["sizes that cannot be looked at", root({ kernelBytes: undefined, initrdBytes: undefined }), undefined],
    ["another profile", { ...live, profile: beta }, beta],
    ["no profile", { ...live, profile: "" }, "no system profile"],
    ["another default", root({ toplevel: beta }), beta],
    ["no default", root({ toplevel: "" }), "no default entry with an init="],
    ["no kernel", root({ kernelBytes: 0 }), "missing or empty"],
    ["no initrd: it would panic", root({ initrdBytes: 0 }), "missing or empty"],
  ])("%s", (_, system, seen) => {
    const verdict = bootable(system, alpha, "install-failed", "said 0");
    expect("code" in verdict ? verdict.seen : undefined).toBe(seen);
  });
  test("a path in words", () => expect(shortPath(alpha)).toBe("aaaaaaaa…-nixos-system-alpha-25.05"));
});

describe("the state", () => {
  const done = { phase: "confirm", unfinished: "" };
  const receipt = (phases: string[]) => ({
    machine: "web",
    installKey: contextOf().spec.installKey,
    disks: [],
    done: phases,
    attempts: [],
  });

  test("is plain JSON, and small for a realistic host", () => {
    const history = Array.from({ length: 7 }, (_, n) => ({
      toplevel: `${beta}${n}`,
      kernelRelease: "6.12.0",
      at: "2025-01-01T00:00:00.000Z",
    }));
    const attempts = Array.from({ length: 5 }, () => ({
      at: "2025-01-01T00:00:00.000Z",
      phase: "install",
      code: "install-failed",
    }));
    const facts = nixosFacts(alpha, { receipt: { ...receipt(["kexec", "disko", "install"]), attempts } });
    const state = stateOf(contextOf(), facts, done, stateWith({ history }));
    expect(plainState(state)).toEqual(state);
    expect(state.history).toHaveLength(5);
    expect(JSON.stringify(state).length).toBeLessThan(4096);
  });

  test("after confirm: the history begins with what runs, once", () => {
    const first = stateOf(
      contextOf(),
      nixosFacts(),
      done,
      stateWith({ history: [{ toplevel: beta, kernelRelease: "d", at: "x" }] }),
    );
    expect(first.history.map((entry) => entry.toplevel)).toEqual([alpha, beta]);
    expect(stateOf(contextOf(), nixosFacts(), done, first).history).toEqual(first.history);
  });

  test.each([
    [
      "a proved kexec has wiped nothing",
      installerFacts({ receipt: receipt(["kexec"]) }),
      "kexec",
      undefined,
      false,
    ],
    ["disko has", installerFacts({ receipt: receipt(["kexec", "disko"]) }), "disko", undefined, true],
    ["a confirmed NixOS is installed", nixosFacts(), "confirm", undefined, true],
    ["a failed kexec keeps what was installed before", debianFacts(), "", stateWith(), true],
  ])("%s", (_, facts, phase, olds, installed) => {
    const { __installed } = stateOf(contextOf(), facts, { phase, unfinished: "" }, olds);
    expect(__installed.installKey !== "").toBe(installed);
  });

  test.each([
    ["disko began, by the machine's receipt", { ...receipt(["kexec"]), wiping: true }, {}, "kexec", true],
    [
      "disko began, and the machine was not seen since",
      receipt(["kexec"]),
      { diskoBegan: true },
      "kexec",
      true,
    ],
    ["disko is proved, install is not", receipt(["kexec", "disko"]), {}, "disko", true],
    ["disko did not begin", receipt(["kexec"]), {}, "kexec", false],
    ["install is proved", receipt(["kexec", "disko", "install"]), { diskoBegan: true }, "install", false],
  ])("half-way: %s", (_, kept, notes, phase, expected) => {
    const facts = installerFacts({ receipt: kept });
    const run = { phase, unfinished: "disko" };
    const { begun, installKey } = stateOf(
      { ...contextOf(), notes },
      facts,
      run,
      stateWith({ __installed: { installKey: "old" } }),
    ).__installed;
    expect(begun).toBe(expected ? contextOf().spec.installKey : undefined);
    // What was installed before is gone once disko began.
    expect(installKey === "old").toBe(!expected && !kept.done.includes("install"));
  });

  test("disks are recorded as they were last seen, and kept while they cannot be seen", () => {
    const before = stateOf(contextOf(), debianFacts(), { phase: "", unfinished: "kexec" }, undefined);
    expect(before.disks).toMatchObject([{ device, serial: "LAB1", holds: "empty" }]);
    const unseen = { ...nixosFacts(), devices: {} };
    expect(stateOf(contextOf(), unseen, done, stateWith()).disks).toEqual(stateWith().disks);
  });
});
