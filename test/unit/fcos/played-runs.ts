// A stand-in's harness: whole runs of FcosHost against a played machine; only the probe and the health checks are left out.
import { HostError } from "../../../provider/core/errors";
import * as context from "../../../provider/fcos/context";
import { deploy } from "../../../provider/fcos/deploy";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosState } from "../../../provider/fcos/state";
import * as health from "../../../provider/host/health";
import { RecordedProgress } from "../support/builders";
import {
  fcosInputsOf,
  fcosStateWith,
  imageIn,
  newDigest,
  oldDigest,
  oldKernel,
} from "../support/fcos-builders";
import { newOne, noGuard, oldOne } from "../support/fcos-facts";
import { PlayedFcos } from "../support/played-fcos";

/** What a run meets; a test changes it before, and looks at it after. The test's file mocks what is mocked here. */
export const played = {
  machine: new PlayedFcos(),
  sick: undefined as HostError | undefined,
  progress: new RecordedProgress(),
};

export function playAnew(): void {
  Object.assign(played, { machine: new PlayedFcos(), sick: undefined, progress: new RecordedProgress() });
  jest.mocked(context.observe).mockImplementation(() => Promise.resolve().then(() => played.machine.look()));
  jest.mocked(health.healthSeconds).mockReturnValue(60);
  jest
    .mocked(health.requireHealthy)
    .mockImplementation(() =>
      played.sick !== undefined && played.machine.booted?.digest === newDigest
        ? Promise.reject(played.sick)
        : Promise.resolve(),
    );
}

export function up(inputs: Partial<FcosHostInputs> = {}, olds?: FcosState): ReturnType<typeof deploy> {
  const connection = { host: "192.0.2.10", deadlines: { bootSeconds: 5 } };
  const { progress, machine } = played;
  return deploy({ connect: machine.connect, progress }, fcosInputsOf({ connection, ...inputs }), olds);
}

/** The state of a machine that runs the old image, as an earlier run left it. */
export function onOld(): FcosState {
  const { bootId } = played.machine.facts;
  return fcosStateWith({ bootId }, fcosInputsOf(imageIn(oldDigest, oldKernel)));
}

export const theWay = ["rebase", "finalize", "guard", "reboot", "disarm", "receipt", "pin"];
export const armed = { ...noGuard, armedFor: newOne().id, previous: oldOne().id };
export const aBootId = "0f0f0f0f-0000-4000-8000-000000000000";
export const unhealthy = (): HostError =>
  new HostError("unhealthy", {
    what: "the check web did not pass",
    expected: "200",
    seen: "503",
    next: "mend it",
  });
