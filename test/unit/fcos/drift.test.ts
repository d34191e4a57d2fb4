import { findFcosDrift, observedKeys } from "../../../provider/fcos/drift";
import type { FcosFacts } from "../../../provider/fcos/types";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import { fcosInputsOf, imageIn, newDigest, newKernel, oldDigest, oldKernel } from "../support/fcos-builders";
import { fcosFacts, movedFacts, newOne, oldOne, stagedNew } from "../support/fcos-facts";

const drift = (facts: FcosFacts, inputs: Partial<FcosHostInputs> = {}): string[] =>
  findFcosDrift(fcosInputsOf(inputs), facts).map(
    ({ key, declared, observed }) => `${key}: ${declared} → ${observed}`,
  );
const booted = (changes: Parameters<typeof newOne>[0]): FcosFacts =>
  movedFacts({ deployments: [newOne({ booted: true, ...changes }), oldOne()] });
const queued = (deployments: FcosFacts["deployments"]): FcosFacts => movedFacts({ deployments });
const wanted = { kernelArguments: { present: ["nosmt", "mitigations=off"], absent: ["quiet"] } };

test.each<[string, string[], FcosFacts, Partial<FcosHostInputs>]>([
  ["nothing", [], movedFacts(), {}],
  ["nothing, with a kernel that nobody declares", [], movedFacts(), imageIn(newDigest)],
  [
    "the old image",
    [
      `booted.digest: ${newDigest} → ${oldDigest}`,
      `booted.kernelRelease: ${newKernel} → ${oldKernel}`,
      `bootDefault.digest: ${newDigest} → ${oldDigest}`,
    ],
    fcosFacts(),
    {},
  ],
  ["another kernel", [`booted.kernelRelease: ${newKernel} → 6.1`], movedFacts({ kernelRelease: "6.1" }), {}],
  [
    "another kernel than the image's own",
    [`booted.kernelRelease: ${newKernel} → 6.1`],
    movedFacts({ kernelRelease: "6.1" }),
    imageIn(newDigest),
  ],
  ["unlocked", ["booted.unlocked: none → development"], booted({ unlocked: "development" }), {}],
  [
    "layered",
    ["booted.layering:  → install htop, remove vim"],
    booted({ layering: ["install htop", "remove vim"] }),
    {},
  ],
  [
    "staged by somebody",
    [`bootDefault.digest: ${newDigest} → ${oldDigest}`, "bootDefault.deployment: booted → staged"],
    queued([oldOne({ staged: true }), newOne({ booted: true })]),
    {},
  ],
  [
    "the same image, staged by somebody",
    ["bootDefault.deployment: booted → staged"],
    queued([stagedNew(), newOne({ booted: true })]),
    {},
  ],
  [
    "a queued rollback",
    [`bootDefault.digest: ${newDigest} → ${oldDigest}`, "bootDefault.deployment: booted → other"],
    queued([oldOne(), newOne({ booted: true })]),
    {},
  ],
  [
    "an update driver",
    ["activeUpdateDriver:  → Zincati (zincati.service)"],
    movedFacts({ updateDrivers: [{ name: "Zincati (zincati.service)", unit: "zincati.service" }] }),
    {},
  ],
  [
    "/etc",
    ["changedEtc:  → M /etc/hosts"],
    movedFacts({ changedEtc: ["M /etc/hosts", "A /etc/systemd/system/emergency.target.wants"] }),
    {},
  ],
  [
    "arguments",
    ["kernelArguments: nosmt mitigations=off no quiet → nosmt"],
    movedFacts({ commandLine: "rw nosmt quiet" }),
    wanted,
  ],
  ["no arguments", [], movedFacts({ commandLine: "rw nosmt mitigations=off" }), wanted],
])("%s", (_, expected, facts, inputs) => {
  expect(drift(facts, inputs)).toEqual(expected);
});

test("what was not declared of the arguments is not observed either", () => {
  const kernelArguments = { present: ["nosmt"] };
  expect(observedKeys(movedFacts(), { kernelArguments }).kernelArguments).toEqual({ present: [] });
  expect(observedKeys(movedFacts(), {})).not.toHaveProperty("kernelArguments");
});

test("a machine that runs from no deployment any more shows none", () => {
  expect(observedKeys(fcosFacts({ deployments: [] }), {})).toMatchObject({
    booted: { digest: "", unlocked: "" },
    bootDefault: { digest: "", deployment: "" },
  });
});
