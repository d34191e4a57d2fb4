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

const third = `sha256:${"c".repeat(64)}`;
const [newName, oldName, thirdName] = [newDigest, oldDigest, third].map((digest) => digest.slice(0, 19));
const { booted } = fcosStateWith();

type Change = [string, Partial<FcosState>, Partial<FcosHostInputs>, string[]];

const lines = (state: Partial<FcosState>, news: Partial<FcosHostInputs>): string[] =>
  consequences(fcosStateWith(state), fcosInputsOf(news)).lines;

const reboots = "REBOOT, because the image changes";

const repairs: Change[] = [
  [
    "layers, and an image that has to be pulled",
    { booted: { ...booted, layering: ["install htop"] } },
    imageIn(third),
    [
      expect.stringMatching(/^update: /) as string,
      'layered on the machine (install htop), and would go on into the other image: up refuses; "rpm-ostree reset" on the machine, and a reboot, removes it',
      reboots,
    ],
  ],
  [
    "layers, and an image that lies on the disk",
    { booted: { ...booted, layering: ["install htop"] } },
    imageIn(oldDigest),
    [expect.stringMatching(/^update: /) as string, reboots],
  ],
  [
    "somebody staged something",
    { bootDefault: { digest: third, deployment: "staged" } },
    {},
    [`repair: what somebody staged (${thirdName}) is dropped`, "no reboot"],
  ],
  [
    "somebody queued a rollback",
    { bootDefault: { digest: oldDigest, deployment: "other" } },
    {},
    [`repair: the next boot would start ${oldName}; it is set back to the system that runs`, "no reboot"],
  ],
  [
    "another kernel of the same image",
    { booted: { ...booted, kernelRelease: "5.10" } },
    {},
    [
      `repair: the declared image runs, and its kernel does not: 5.10 → ${newKernel}`,
      "REBOOT, because another kernel runs",
    ],
  ],
  [
    "another kernel than the image's own, which nobody declared",
    { booted: { ...booted, kernelRelease: "5.10" } },
    imageIn(newDigest),
    [
      `repair: the declared image runs, and its kernel does not: 5.10 → ${newKernel}`,
      "REBOOT, because another kernel runs",
    ],
  ],
  [
    "layers",
    { booted: { ...booted, layering: ["install htop"] } },
    {},
    [
      'repair: changed on the machine itself (install htop): back to the same image without that, where the disk still has it; else up refuses, and "rpm-ostree reset" on the machine, and a reboot, removes it',
      "REBOOT, because it is a part of the system that runs",
    ],
  ],
  [
    "a hotfix",
    { booted: { ...booted, unlocked: "hotfix" } },
    {},
    [
      expect.stringMatching(/^repair: changed on the machine itself \(a hotfix\): /) as string,
      "REBOOT, because it is a part of the system that runs",
    ],
  ],
  [
    "a writable /usr",
    { booted: { ...booted, unlocked: "development" } },
    {},
    [
      "repair: /usr is writable (unlocked: development), until the machine reboots",
      "REBOOT, because that ends it",
    ],
  ],
  [
    "an update driver",
    { activeUpdateDriver: "Zincati (zincati.service)" },
    {},
    ["repair: Zincati (zincati.service) is stopped and masked", "no reboot"],
  ],
  [
    "an update driver that is not ours to stop",
    { activeUpdateDriver: "Zincati (zincati.service)" },
    { updateDriver: "fail" },
    [
      'Zincati (zincati.service) is active: up refuses to change anything until it is stopped (updateDriver: "fail")',
      "no reboot",
    ],
  ],
  [
    "changed files of /etc",
    { changedEtc: ["M /etc/motd"], unchangedEtc: ["/etc/motd"] },
    { unchangedEtc: ["/etc/motd"] },
    ["repair: restored from /usr/etc, with a copy of what is there: M /etc/motd", "no reboot"],
  ],
  [
    "new kernel arguments",
    { kernelArguments: { present: ["quiet"] } },
    { kernelArguments: { present: ["quiet", "a=1"], absent: ["debug"] } },
    [
      "kernel arguments added where they are not there: a=1; removed where they are there: debug",
      "REBOOT, because kernel arguments count from the next boot on",
    ],
  ],
  [
    "two repairs that reboot",
    { booted: { ...booted, unlocked: "transient" }, kernelArguments: { present: [] } },
    { kernelArguments: { present: ["quiet"] }, reboot: "manual" },
    [
      expect.stringMatching(/unlocked: transient/) as string,
      "kernel arguments added where they are not there: quiet",
      'needs a reboot by somebody (reboot: "manual"), because that ends it, and kernel arguments count from the next boot on; the up after it confirms it',
    ],
  ],
];

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

test.each([...repairs, ...others])("%s", (_, state, news, said) => expect(lines(state, news)).toEqual(said));
