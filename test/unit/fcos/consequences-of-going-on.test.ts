import { consequences } from "../../../provider/fcos/consequences";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosState } from "../../../provider/fcos/state";
import {
  fcosInputsOf,
  fcosStateWith,
  imageIn,
  newDigest,
  newKernel,
  oldDigest,
  oldKernel,
} from "../support/fcos-builders";

const newName = newDigest.slice(0, 19);

type Change = [string, Partial<FcosState>, Partial<FcosHostInputs>, string[]];

const lines = (state: Partial<FcosState>, news: Partial<FcosHostInputs>): string[] =>
  consequences(fcosStateWith(state), fcosInputsOf(news)).lines;

const reboots = "REBOOT, because the image changes";

const others: Change[] = [
  [
    "another address",
    {},
    { connection: { host: "other", hostKey: "accept-new" } },
    ["nothing is moved: the machine is looked at; no reboot"],
  ],
  [
    "another health check",
    {},
    { healthChecks: { web: { unit: "nginx.service" } } },
    ["nothing is moved: the machine is looked at, and its health is asked for (web); no reboot"],
  ],
  [
    "a run that failed",
    { phase: "rebase", unfinished: "check staged" },
    {},
    [
      `the move to ${newName}, kernel ${newKernel} goes on: it stopped in the phase check staged, after rebase`,
    ],
  ],
  [
    "a run that failed at its beginning",
    { phase: "", unfinished: "rebase" },
    imageIn(newDigest),
    [`the move to ${newName} goes on: it stopped in the phase rebase`],
  ],
  [
    "a system that waits for somebody's reboot",
    { phase: "check staged" },
    { reboot: "manual" },
    [
      `staged: ${newName}, kernel ${newKernel}; it runs after a reboot by somebody (reboot: "manual"), and the up after that confirms it`,
    ],
  ],
  [
    "a system that waited for somebody's reboot",
    { phase: "check staged" },
    { reboot: "now" },
    [`the move to ${newName}, kernel ${newKernel} goes on after the phase check staged; ${reboots}`],
  ],
  [
    "a run that failed, and yet another image",
    { phase: "rebase", unfinished: "check staged" },
    imageIn(oldDigest, oldKernel),
    [expect.stringMatching(/^update: .*still on the machine's disk/) as string, reboots],
  ],
];

test.each(others)("%s", (_, state, news, said) => expect(lines(state, news)).toEqual(said));
