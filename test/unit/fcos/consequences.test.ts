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
} from "../support/fcos-builders";

const third = `sha256:${"c".repeat(64)}`;
const [newName, oldName, thirdName] = [newDigest, oldDigest, third].map((digest) => digest.slice(0, 19));
const { booted } = fcosStateWith();
const declaredWith = (kernelArguments: FcosHostInputs["kernelArguments"]): FcosState["__declared"] => ({
  ...fcosStateWith().__declared,
  kernelArguments,
});

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
    "what an earlier up staged, and is not wanted any more",
    {
      phase: "check staged",
      bootDefault: { digest: third, deployment: "staged" },
      __declared: { digest: third },
    },
    { reboot: "manual" },
    [`repair: what an earlier up staged (${thirdName}) is dropped`, "no reboot"],
  ],
  [
    "somebody staged the image of which an earlier up is done",
    { bootDefault: { digest: newDigest, deployment: "staged" } },
    {},
    [`repair: what somebody staged (${newName}) is dropped`, "no reboot"],
  ],
  [
    "another kernel is declared than the image holds",
    {},
    imageIn(newDigest, "5.10"),
    [
      `the declared image holds the kernel ${newKernel}, and not the declared 5.10: no reboot changes that, and up ends in wrong-kernel; declare ${newKernel}, or another image`,
      "no reboot",
    ],
  ],
  [
    "another kernel is declared than the image holds, of which only the run before tells",
    { deployments: [], __declared: { digest: newDigest, kernelRelease: newKernel, kernelOfImage: true } },
    imageIn(newDigest, "5.10"),
    [expect.stringMatching(/^the declared image holds .* up ends in wrong-kernel; /) as string, "no reboot"],
  ],
  [
    "a third kernel runs, which neither the image holds nor anybody declared",
    { booted: { ...booted, kernelRelease: "5.15" } },
    imageIn(newDigest, "5.10"),
    [
      `repair: the declared image runs, and its kernel does not: 5.15 → ${newKernel}`,
      expect.stringMatching(/^the declared image holds .* up ends in wrong-kernel; /) as string,
      "REBOOT, because another kernel runs",
    ],
  ],
  [
    "a kernel that is declared, of an image of which none was seen",
    { deployments: [], booted: { ...booted, kernelRelease: "5.15" } },
    imageIn(newDigest, "5.10"),
    [
      "repair: the declared image runs, and its kernel does not: 5.15 → 5.10",
      "REBOOT, because another kernel runs",
    ],
  ],
  [
    "changed files of /etc that are not asked for any more",
    {
      changedEtc: ["M /etc/motd", "M /etc/ssh/sshd_config", "D /etc/ssh2/x"],
      unchangedEtc: ["/etc/motd", "/etc/ssh", "/etc/ssh2"],
    },
    { unchangedEtc: ["/etc/ssh"] },
    ["repair: restored from /usr/etc, with a copy of what is there: M /etc/ssh/sshd_config", "no reboot"],
  ],
  [
    "none of the changed files of /etc is asked for any more",
    { changedEtc: ["M /etc/motd"], unchangedEtc: ["/etc/motd"] },
    {},
    ["nothing is moved: the machine is looked at; no reboot"],
  ],
  [
    "changed files of /etc",
    { changedEtc: ["M /etc/motd"], unchangedEtc: ["/etc/motd"] },
    { unchangedEtc: ["/etc/motd"] },
    ["repair: restored from /usr/etc, with a copy of what is there: M /etc/motd", "no reboot"],
  ],
  [
    "kernel arguments that are declared for the first time: the machine may have them already",
    { kernelArguments: { present: ["quiet"] } },
    { kernelArguments: { present: ["quiet", "a=1"], absent: ["debug"] } },
    [
      "kernel arguments added where they are not there: a=1; removed where they are there: debug",
      "REBOOT, because kernel arguments count from the next boot on, unless the machine shows them like that already",
    ],
  ],
  [
    "a kernel argument that was declared before, and is gone",
    { kernelArguments: { present: [] }, __declared: declaredWith({ present: ["quiet"] }) },
    { kernelArguments: { present: ["quiet"], absent: ["debug"] } },
    [
      "kernel arguments added where they are not there: quiet; removed where they are there: debug",
      "REBOOT, because kernel arguments count from the next boot on",
    ],
  ],
  [
    "a kernel argument that was taken away before, and is back",
    { kernelArguments: { absent: [] }, __declared: declaredWith({ absent: ["debug"] }) },
    { kernelArguments: { absent: ["debug"] } },
    [
      "kernel arguments removed where they are there: debug",
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

test.each(repairs)("%s", (_, state, news, said) => expect(lines(state, news)).toEqual(said));
