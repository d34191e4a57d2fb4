import { runtime } from "@pulumi/pulumi";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosState } from "../../../provider/fcos/state";
import { fcosChanges } from "../../../provider/runtime/fcos-changes";
import { fcosKind } from "../../../provider/runtime/fcos-kind";
import { pickInputs, plainState } from "../../../provider/runtime/state";
import {
  fcosInputsOf,
  fcosStateWith,
  imageIn,
  newDigest,
  newKernel,
  oldDigest,
} from "../support/fcos-builders";

const inputs = fcosInputsOf();
const { booted, connection } = fcosStateWith();
const declared = { digest: newDigest, kernelRelease: newKernel };

test.each<[string, Partial<FcosState>, object, boolean | undefined]>([
  ["nothing", {}, {}, false],
  ["another address", {}, { connection: { ...connection, host: "h" } }, undefined],
  ["another image", {}, imageIn(oldDigest), undefined],
  [
    "an image that is not known yet",
    {},
    { image: runtime.unknownValue, booted: runtime.unknownValue },
    undefined,
  ],
  ["a health check", {}, { healthChecks: { web: { unit: "x" } } }, undefined],
  ["whether a preview looks", {}, { probeInPreview: false }, false],
  ["the order of keys", {}, { booted: Object.fromEntries(Object.entries(inputs.booted).reverse()) }, false],
  ["keys that this version does not know", { someday: 1 } as Partial<FcosState>, { other: 2 }, false],
  ["another __provider text, another place", {}, { __provider: "other", __urn: "x" }, false],
  ["the kernel is not declared, and is that of the image", {}, imageIn(newDigest), false],
  [
    "the kernel is not declared, and another one runs",
    { booted: { ...booted, kernelRelease: "5" } },
    imageIn(newDigest),
    undefined,
  ],
  ["the kernel was never known", { __declared: { digest: newDigest } }, imageIn(newDigest), false],
  ["a kernel that is declared now, and runs", {}, imageIn(newDigest, newKernel), false],
  [
    "a kernel that is declared now, and does not run",
    { __declared: { digest: newDigest } },
    imageIn(newDigest, "5"),
    undefined,
  ],
  ["a drifted digest", { booted: { ...booted, digest: oldDigest } }, {}, undefined],
  ["layers", { booted: { ...booted, layering: ["install htop"] } }, {}, undefined],
  ["a writable /usr", { booted: { ...booted, unlocked: "development" } }, {}, undefined],
  ["something staged", { bootDefault: { digest: oldDigest, deployment: "staged" } }, {}, undefined],
  ["an update driver", { activeUpdateDriver: "Zincati (zincati.service)" }, {}, undefined],
  ["a changed file of /etc", { changedEtc: ["M /etc/motd"] }, {}, undefined],
  ["kernel arguments", {}, { kernelArguments: { present: ["quiet"] } }, undefined],
  [
    "a kernel argument that is gone",
    { kernelArguments: { present: [] } },
    { kernelArguments: { present: ["quiet"] } },
    undefined,
  ],
  [
    "an empty list of kernel arguments, and none",
    { kernelArguments: { present: ["quiet"], absent: [] } },
    { kernelArguments: { present: ["quiet"] } },
    false,
  ],
  [
    "the order of kernel arguments",
    { kernelArguments: { present: ["a", "b"], absent: ["c", "d"] } },
    { kernelArguments: { present: ["b", "a"], absent: ["d", "c"] } },
    false,
  ],
  [
    "a kernel argument from one list in the other",
    { kernelArguments: { present: ["a"], absent: ["b"] } },
    { kernelArguments: { present: ["b"], absent: ["a"] } },
    undefined,
  ],
  [
    "the order of paths",
    { unchangedEtc: ["/etc/a", "/etc/b"] },
    { unchangedEtc: ["/etc/b", "/etc/a"] },
    false,
  ],
  ["another path", { unchangedEtc: ["/etc/a"] }, { unchangedEtc: ["/etc/a", "/etc/b"] }, undefined],
  ["a run that failed", { phase: "reboot", unfinished: "confirm" }, {}, true],
  [
    "a run that waits for somebody",
    { phase: "check staged", bootDefault: { digest: newDigest, deployment: "staged" } },
    {},
    true,
  ],
  ["a failed run, and a change that can be shown", { unfinished: "confirm" }, { driver: "bootc" }, undefined],
  [
    "a failed run of an image that was declared before",
    { unfinished: "confirm", __declared: { ...declared, digest: oldDigest } },
    {},
    undefined,
  ],
])("%s", (_, state, news, result) =>
  expect(fcosChanges(fcosStateWith(state), { ...fcosInputsOf(), ...news })).toBe(result),
);

test("of a state only the inputs are declared again", () => {
  const state = plainState(fcosStateWith());
  expect(pickInputs(fcosKind, { ...state, __provider: "x", someday: 1 })).toEqual(
    plainState(inputs satisfies FcosHostInputs),
  );
});
