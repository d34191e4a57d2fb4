// What stands in users' states. A test that fails here means: states that exist can no longer be read.
import { findFcosDrift } from "../../../provider/fcos/drift";
import { fcosHostSchema } from "../../../provider/fcos/schema";
import { lastPhase, stateOf } from "../../../provider/fcos/state";
import { fcosInputsOf } from "../support/fcos-builders";
import { fcosContext, fcosFacts, movedFacts, newOne } from "../support/fcos-facts";

test("the two-sided keys, and what drift is told by", () => {
  const { booted, bootDefault, activeUpdateDriver, changedEtc } = fcosInputsOf();
  expect([Object.keys(booted).sort(), bootDefault.deployment, activeUpdateDriver, changedEtc]).toEqual([
    ["digest", "kernelRelease", "layering", "unlocked"],
    "booted",
    "",
    [],
  ]);
  const kernelArguments = { present: ["quiet"] };
  const inputs = fcosInputsOf({ kernelArguments, unchangedEtc: ["/etc/motd"] });
  const drifted = fcosFacts({
    changedEtc: ["M /etc/motd"],
    updateDrivers: [{ name: "Zincati (zincati.service)", unit: "zincati.service" }],
    deployments: [
      newOne({ digest: "sha256:0", staged: true }),
      newOne({ digest: "sha256:1", booted: true, unlocked: "development", layering: ["install htop"] }),
    ],
  });
  expect(findFcosDrift(inputs, drifted).map(({ key }) => key)).toEqual([
    "booted.digest",
    "booted.kernelRelease",
    "booted.unlocked",
    "booted.layering",
    "bootDefault.digest",
    "bootDefault.deployment",
    "activeUpdateDriver",
    "changedEtc",
    "kernelArguments",
  ]);
});

test("the state's version, its last phase, and its keys", () => {
  const run = { phase: "keep", unfinished: "" };
  const state = stateOf(fcosContext(), movedFacts(), run, undefined);
  expect([state.__stateVersion, lastPhase]).toEqual([1, "keep"]);
  const seen = "attempts bootId deployments history hostKeys machineId phase unfinished";
  const inputs = "machine connection image booted bootDefault activeUpdateDriver changedEtc __urn";
  expect(Object.keys(state).sort()).toEqual(
    [...seen.split(" "), ...inputs.split(" "), "__declared", "__stateVersion"].sort(),
  );
  // Another version of these would be read as no input at all.
  const written = "adopt connection driver healthChecks image kernelArguments machine probeInPreview reboot";
  const more = "registry remote rollback transport unchangedEtc updateDriver";
  const both = "booted bootDefault activeUpdateDriver changedEtc __imageError __secretPaths __urn";
  expect(Object.keys(fcosHostSchema.shape).sort()).toEqual(
    [written, more, both].flatMap((names) => names.split(" ")).sort(),
  );
  expect(state.deployments).toEqual([
    expect.objectContaining({ role: "booted", pinned: true }),
    expect.objectContaining({ role: "rollback", pinned: false }),
  ]);
});
