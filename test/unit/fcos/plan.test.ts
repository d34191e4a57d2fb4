import { plan } from "../../../provider/fcos/plan";
import type { FcosFacts } from "../../../provider/fcos/types";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import { failureOf } from "../support/fake-shell";
import { newDigest, oldKernel } from "../support/fcos-builders";
import {
  fcosContext,
  fcosFacts,
  movedFacts,
  newOne,
  noGuard,
  oldOne,
  stagedNew,
} from "../support/fcos-facts";

/** What of the sequence would run at once on this machine; what a phase changes is not seen here. */
function missing(facts: FcosFacts, inputs: Partial<FcosHostInputs> = {}): string[] {
  const context = fcosContext(inputs);
  context.notes.before = facts.deployments.find(({ booted }) => booted) ?? oldOne();
  return plan(context, facts)
    .filter((phase) => !phase.isDone(facts, context))
    .map(({ name }) => name);
}

const old = oldOne({ booted: true });
const third = oldOne({ id: `${"c".repeat(64)}.0`, digest: `sha256:${"3".repeat(64)}` });
const ends = ["confirm", "keep"];
const afterFinalize = ["guard", "reboot", ...ends];
const armed = { ...noGuard, armedFor: newOne().id, previous: oldOne().id };
const finalized = [newOne(), old];
const wanted = { present: ["nosmt"], absent: ["quiet"] };
const zincati = [{ name: "Zincati (zincati.service)", unit: "zincati.service" }];
const onOld = (changes: Partial<FcosFacts>): FcosFacts => fcosFacts(changes);
const onNew = (booted: Parameters<typeof newOne>[0], changes: Partial<FcosFacts> = {}): FcosFacts =>
  movedFacts({ deployments: [newOne({ booted: true, pinned: true, ...booted }), oldOne()], ...changes });

test.each<[string, string[], FcosFacts, Partial<FcosHostInputs>]>([
  ["another image runs", ["rebase", "reboot", ...ends], onOld({}), {}],
  [
    "somebody staged another one",
    ["drop pending", "rebase", "check staged", "finalize", ...afterFinalize],
    onOld({ deployments: [{ ...third, staged: true }, old] }),
    {},
  ],
  [
    "the declared one is staged, and locked",
    ["drop pending", "rebase", "check staged", "finalize", ...afterFinalize],
    onOld({ deployments: [stagedNew({ locked: true }), old] }),
    {},
  ],
  [
    "somebody queued a rollback",
    ["drop pending", "rebase", "check staged", ...afterFinalize],
    onOld({ deployments: [third, old] }),
    {},
  ],
  [
    "killed after the rebase",
    ["check staged", "finalize", ...afterFinalize],
    onOld({ deployments: [stagedNew(), old] }),
    {},
  ],
  ["killed after finalizing", ["check staged", ...afterFinalize], onOld({ deployments: finalized }), {}],
  [
    "killed after the guard",
    ["check staged", "reboot", ...ends],
    onOld({ deployments: finalized, guard: armed }),
    {},
  ],
  [
    "a guard that is armed for another one",
    ["check staged", ...afterFinalize],
    onOld({ deployments: finalized, guard: { ...armed, armedFor: third.id } }),
    {},
  ],
  [
    "no guard is wanted",
    ["check staged", "reboot", ...ends],
    onOld({ deployments: finalized }),
    { rollback: { guard: false } },
  ],
  ["killed in the new boot", ends, movedFacts({ guard: armed, receipt: undefined }), {}],
  ["all is as declared", ["confirm"], movedFacts(), {}],
  ["what the guard of an earlier run left", ends, movedFacts({ guard: { ...noGuard, rolledBack: "x" } }), {}],
  ["the pin is gone", ends, onNew({ pinned: false }), {}],
  [
    "the declared one, and somebody staged the same again",
    ["drop pending", "check staged", "finalize", "guard", "reboot", "confirm"],
    movedFacts({
      deployments: [stagedNew({ id: `${"d".repeat(64)}.0` }), newOne({ booted: true, pinned: true })],
    }),
    {},
  ],
  ["unlocked for development", ["reboot", "confirm"], onNew({ unlocked: "development" }), {}],
  ["unlocked as hotfix", ["rebase", "reboot", "confirm"], onNew({ unlocked: "hotfix" }), {}],
  ["layered over", ["rebase", "reboot", "confirm"], onNew({ layering: ["install htop"] }), {}],
  [
    "the kernel is not that of the deployment",
    ["reboot", ...ends],
    movedFacts({ kernelRelease: oldKernel }),
    {},
  ],
  [
    "an argument is missing",
    ["kernel arguments", "reboot", "confirm"],
    movedFacts(),
    { kernelArguments: wanted },
  ],
  [
    "an argument only this boot does not have",
    ["reboot", "confirm"],
    movedFacts({ nextKernelArguments: "rw nosmt" }),
    { kernelArguments: wanted },
  ],
  [
    "an argument is too much",
    ["kernel arguments", "reboot", "confirm"],
    movedFacts({ nextKernelArguments: "rw nosmt quiet", commandLine: "rw nosmt quiet" }),
    { kernelArguments: wanted },
  ],
  [
    "arguments as declared",
    ["confirm"],
    movedFacts({ nextKernelArguments: "rw nosmt", commandLine: "rw nosmt" }),
    { kernelArguments: wanted },
  ],
  [
    "an update driver",
    ["update driver", "update driver after the reboot", "confirm"],
    movedFacts({ updateDrivers: zincati }),
    {},
  ],
  [
    "an update driver that is to fail",
    ["confirm"],
    movedFacts({ updateDrivers: zincati }),
    { updateDriver: "fail" },
  ],
  [
    "a changed file of /etc",
    ["etc", "etc after the reboot", "confirm"],
    movedFacts({ changedEtc: ["M /etc/hosts"] }),
    {},
  ],
  ["reboots are others' work", ["rebase"], onOld({}), { reboot: "manual" }],
  [
    "reboots are others' work, and it is staged",
    ["check staged"],
    onOld({ deployments: [stagedNew(), old] }),
    { reboot: "manual" },
  ],
  ["reboots are others' work, and one was", ends, movedFacts({ receipt: undefined }), { reboot: "manual" }],
])("%s: %j", (_, phases, facts, inputs) => {
  expect(missing(facts, inputs)).toEqual(["preflight", ...phases]);
});

test("a move back to where a failed one came from gets no guard: what it would leave for was never confirmed", () => {
  const facts = movedFacts({ deployments: [newOne(), oldOne({ booted: true })] });
  const context = fcosContext();
  context.notes.before = newOne();
  const guard = plan(context, facts).find(({ name }) => name === "guard");
  expect(guard?.isDone(facts, context)).toBe(true);
});

describe("machines that are not this resource's to move", () => {
  const theirs = { machine: "db", attempts: [] };
  test.each<[string, FcosFacts, string, RegExp]>([
    [
      "no ostree",
      onOld({ ostreeBooted: false, driver: "", deployments: [] }),
      "foreign-system",
      /does not run from an ostree deployment/,
    ],
    [
      "a status without a booted deployment",
      onOld({ deployments: [] }),
      "foreign-system",
      /does not run from an ostree deployment/,
    ],
    [
      "a node of OKD's",
      onOld({ machineConfigOperatorMarks: ["/etc/machine-config-daemon/currentconfig"] }),
      "foreign-system",
      /machineConfig\(\) or machineOSConfig\(\)/,
    ],
    ["another resource's", onOld({ receipt: theirs }), "foreign-machine", /adopt: true/],
  ])("%s", async (_, facts, code, words) => {
    const error = await failureOf(() => plan(fcosContext(), facts));
    expect(error.code).toBe(code);
    expect(error.text()).toMatch(words);
  });

  test("another resource's, adopted", () => {
    expect(missing(onOld({ receipt: theirs }), { adopt: true })).toContain("rebase");
  });
});

test("the digest decides, not where the image came from", () => {
  const facts = movedFacts({
    deployments: [
      newOne({ booted: true, pinned: true, reference: `ostree-image-signed:docker://x@${newDigest}` }),
    ],
  });
  expect(missing(facts)).toEqual(["preflight", "confirm"]);
});
