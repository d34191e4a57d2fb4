import { consequences, consequencesOfUnknownImage } from "../../../provider/fcos/consequences";
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
const at = "2026-11-22T12:00:00.000Z";
const { booted } = fcosStateWith();

type Change = [string, Partial<FcosState>, Partial<FcosHostInputs>, string[]];

const lines = (state: Partial<FcosState>, news: Partial<FcosHostInputs>): string[] =>
  consequences(fcosStateWith(state), fcosInputsOf(news)).lines;

const reboots = "REBOOT, because the image changes";

const moves: Change[] = [
  [
    "another image with another kernel",
    {},
    imageIn(third, "6.18.1-200.fc42.x86_64"),
    [
      `update: ${newName} → ${thirdName}, kernel ${newKernel} → 6.18.1-200.fc42.x86_64; what is missing of it is downloaded`,
      reboots,
    ],
  ],
  [
    "another image whose kernel nobody declared",
    {},
    imageIn(third),
    [
      `update: ${newName} → ${thirdName}, kernel ${newKernel} → that of the image; what is missing of it is downloaded`,
      reboots,
    ],
  ],
  [
    "back to the one that is still on the disk",
    {},
    imageIn(oldDigest),
    [
      `update: ${newName} → ${oldName}, kernel ${newKernel} → ${oldKernel}; still on the machine's disk, so nothing is downloaded`,
      reboots,
    ],
  ],
  [
    "back to one that is no longer there",
    { history: [{ digest: third, kernelRelease: "5.10", at }] },
    imageIn(third),
    [
      `update: ${newName} → ${thirdName}, kernel ${newKernel} → 5.10; an earlier one that is no longer on the disk: what is missing of it is downloaded`,
      reboots,
    ],
  ],
  [
    "one that is pinned, and not the rollback one",
    { deployments: [{ digest: third, kernelRelease: "6.18", role: "other", pinned: true }] },
    imageIn(third),
    [
      `update: ${newName} → ${thirdName}, kernel ${newKernel} → 6.18; pulled anew, with the layers that are still on the machine's disk`,
      reboots,
    ],
  ],
  [
    "one that somebody staged already",
    { deployments: [{ digest: third, kernelRelease: "6.18", role: "staged", pinned: false }] },
    imageIn(third, "6.18"),
    [
      `update: ${newName} → ${thirdName}, kernel ${newKernel} → 6.18; staged already, so nothing is downloaded`,
      reboots,
    ],
  ],
  [
    "another image, and the reboot is left to somebody",
    {},
    { ...imageIn(oldDigest, oldKernel), reboot: "manual" },
    [
      expect.stringMatching(/^update: /) as string,
      'needs a reboot by somebody (reboot: "manual"), because the image changes; the up after it confirms it',
    ],
  ],
  [
    "somebody booted another image",
    {
      booted: { ...booted, digest: oldDigest, kernelRelease: oldKernel },
      deployments: [
        { digest: oldDigest, kernelRelease: oldKernel, role: "booted", pinned: false },
        { digest: newDigest, kernelRelease: newKernel, role: "rollback", pinned: true },
      ],
    },
    {},
    [
      `update: ${oldName} → ${newName}, kernel ${oldKernel} → ${newKernel}; still on the machine's disk, so nothing is downloaded`,
      reboots,
    ],
  ],
  [
    "a system of no image",
    { booted: { ...booted, digest: "", kernelRelease: newKernel }, deployments: [], history: [] },
    {},
    [
      `update: no container image → ${newName}, kernel ${newKernel}; what is missing of it is downloaded`,
      reboots,
    ],
  ],
];

test.each(moves)("%s", (_, state, news, said) => expect(lines(state, news)).toEqual(said));

test.each<[string | undefined, RegExp]>([
  [
    "6.18.1",
    new RegExp(`^update: ${newName} → the image that is made first, .*, kernel ${newKernel} → 6\\.18\\.1;`),
  ],
  [undefined, /its digest is known when it was built; where it is another one/],
])("an image that is built in the same run, with kernel %s", (kernel, words) =>
  expect(consequencesOfUnknownImage(fcosStateWith(), kernel).join()).toMatch(words),
);
