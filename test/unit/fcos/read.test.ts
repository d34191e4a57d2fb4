import { HostError } from "../../../provider/core/errors";
import * as context from "../../../provider/fcos/context";
import { read } from "../../../provider/fcos/read";
import type { FcosState } from "../../../provider/fcos/state";
import type { FcosFacts } from "../../../provider/fcos/types";
import { RecordedProgress } from "../support/builders";
import { fakeConnect } from "../support/fake-shell";
import {
  fcosInputsOf,
  fcosStateWith,
  newDigest,
  newKernel,
  oldDigest,
  oldKernel,
} from "../support/fcos-builders";
import { fcosFacts, movedFacts } from "../support/fcos-facts";

jest.mock("../../../provider/fcos/context");

function look(facts: FcosFacts | HostError, state: FcosState = fcosStateWith()) {
  const seen = facts instanceof HostError ? Promise.reject(facts) : Promise.resolve(facts);
  jest.mocked(context.observe).mockReturnValue(seen);
  return read({ connect: fakeConnect(), progress: new RecordedProgress() }, state, fcosInputsOf());
}
const ofImage = fcosStateWith({
  __declared: { digest: newDigest, kernelRelease: newKernel, kernelOfImage: true },
});

test("what is as declared stays as it was", async () => {
  const { state, inputs, drift, unseen } = await look(movedFacts());
  expect({ drift, unseen }).toEqual({ drift: [], unseen: undefined });
  expect(inputs).toEqual(fcosInputsOf());
  expect(state).toMatchObject({ phase: "keep", bootId: "boot-2", booted: { kernelRelease: newKernel } });
});

test("drift stands under the two-sided keys, in the state and in the inputs; what was declared is kept beside it", async () => {
  const first = await look(fcosFacts());
  expect(first.drift.map(({ key }) => key)).toEqual([
    "booted.digest",
    "booted.kernelRelease",
    "bootDefault.digest",
  ]);
  for (const seen of [first.state, first.inputs])
    expect(seen).toMatchObject({
      booted: { digest: oldDigest, kernelRelease: oldKernel },
      bootDefault: { digest: oldDigest },
    });
  expect(first.state.__declared.digest).toBe(newDigest);
  // A second look compares with what was declared, not with what the first one saw.
  expect((await look(fcosFacts(), first.state)).drift).toHaveLength(3);
  expect((await look(movedFacts(), first.state)).drift).toEqual([]);
});

test("a kernel that nobody declared shows in the inputs only where it is not the image's own", async () => {
  expect((await look(movedFacts(), ofImage)).inputs.booted).not.toHaveProperty("kernelRelease", newKernel);
  const other = await look(movedFacts({ kernelRelease: "6.1" }), ofImage);
  expect(other.inputs.booted.kernelRelease).toBe("6.1");
  expect(other.drift).toMatchObject([{ key: "booted.kernelRelease", declared: newKernel, observed: "6.1" }]);
});

test("of the declared kernel arguments the inputs hold what is there", async () => {
  const kernelArguments = { present: ["nosmt", "quiet"] };
  const state = fcosStateWith({
    __declared: { digest: newDigest, kernelRelease: newKernel, kernelArguments },
  });
  const { inputs, drift } = await look(movedFacts({ commandLine: "rw quiet" }), state);
  expect(inputs.kernelArguments).toEqual({ present: ["quiet"] });
  expect(drift).toMatchObject([{ key: "kernelArguments", declared: "nosmt quiet", observed: "quiet" }]);
});

test.each(["check staged", "guard"])("before the end of a move nothing is drift: %s", async (phase) => {
  const state = fcosStateWith({ phase, unfinished: phase === "guard" ? "reboot" : "" });
  const { drift, inputs, state: next } = await look(fcosFacts(), state);
  expect(drift).toEqual([]);
  expect(inputs.booted.digest).toBe(newDigest);
  // The boot is that of the last run: the next one must see that somebody rebooted the machine meanwhile.
  expect(next).toMatchObject({ phase, booted: { digest: oldDigest }, bootId: state.bootId });
  expect(state.bootId).not.toBe(fcosFacts().bootId);
});

test("a machine that does not answer is kept as it was", async () => {
  const away = new HostError("unreachable", { what: "no route" });
  const state = fcosStateWith();
  expect(await look(away, state)).toMatchObject({ state, drift: [], unseen: away });
});

test("another resource's failed attempts are not this one's", async () => {
  const attempts = [{ at: "x", phase: "rebase", code: "rebase-failed" }];
  expect((await look(movedFacts({ receipt: { machine: "db", attempts } }))).state.attempts).toEqual([]);
  expect((await look(movedFacts({ receipt: { machine: "web", attempts } }))).state.attempts).toEqual(
    attempts,
  );
});
