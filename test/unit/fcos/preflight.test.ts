import { preflightProblems } from "../../../provider/fcos/phases/preflight";
import { specOf } from "../../../provider/fcos/spec";
import type { FcosFacts } from "../../../provider/fcos/types";
import type { FcosHostInputs } from "../../../provider/fcos/schema";
import { fcosInputsOf, imageIn, newDigest } from "../support/fcos-builders";
import { fcosFacts, movedFacts, newOne, oldOne, stagedNew } from "../support/fcos-facts";

const problems = (facts: FcosFacts, inputs: Partial<FcosHostInputs> = {}): string =>
  preflightProblems(specOf(fcosInputsOf(inputs)), facts)
    .map(({ expected, seen }) => `${expected} | ${seen}`)
    .join("\n");

const zincati = [{ name: "Zincati (zincati.service)", unit: "zincati.service" }];
const rejecting = JSON.stringify({ default: [{ type: "reject" }] });
const booted = (changes: Parameters<typeof oldOne>[0]): Partial<FcosFacts> => ({
  deployments: [oldOne({ booted: true, ...changes })],
});
const hotfix = movedFacts({ deployments: [newOne({ booted: true, unlocked: "hotfix" })] });

test.each<[string, RegExp, FcosFacts, Partial<FcosHostInputs>]>([
  ["no root", /^root, directly or by sudo \| uid 1000$/, fcosFacts({ uid: 1000 }), {}],
  ["a container", /kernel of its own \| a podman container/, fcosFacts({ container: "podman" }), {}],
  ["no tool", /rpm-ostree or bootc on the machine \| it is not there/, fcosFacts({ driver: "" }), {}],
  ["not the asked tool", /^bootc on the machine/, fcosFacts({ driver: "" }), { driver: "bootc" }],
  ["a transaction", /no transaction.* \| rebase x \(wait/, fcosFacts({ transaction: "rebase x" }), {}],
  [
    "an update driver",
    /nobody else who updates the machine \| Zincati/,
    fcosFacts({ updateDrivers: zincati }),
    { updateDriver: "fail" },
  ],
  [
    "another architecture",
    /kernel 6.12.94-200.fc42.x86_64 \| aarch64/,
    fcosFacts({ architecture: "aarch64" }),
    {},
  ],
  [
    "arguments with bootc",
    /kargs\.d/,
    fcosFacts({ driver: "bootc" }),
    { kernelArguments: { present: ["nosmt"] } },
  ],
  [
    "a remote with bootc",
    /rpm-ostree for the transport/,
    fcosFacts({ driver: "bootc" }),
    { transport: "remote-registry", remote: "x" },
  ],
  [
    "local layering",
    /rpm-ostree reset.* \| install htop/,
    fcosFacts(booted({ layering: ["install htop"] })),
    {},
  ],
  [
    "layering that only bootc knows of",
    /rpm-ostree reset.* \| bootc calls/,
    fcosFacts({ driver: "bootc", bootcIncompatible: true }),
    {},
  ],
  ["a hotfix over the declared image", /without a hotfix/, hotfix, {}],
  [
    "a policy that refuses",
    /signature policy.* \| "reject" at default/,
    fcosFacts({ signaturePolicy: rejecting }),
    {},
  ],
  [
    "no room for layers",
    /at least 256.0 MiB free in \/sysroot \| 9.5 MiB/,
    fcosFacts({ freeBytes: { boot: 2e8, sysroot: 1e7 } }),
    {},
  ],
  [
    "no room but that of a pinned one, which ostree keeps",
    /in \/boot \| 9.5 MiB free/,
    fcosFacts({
      deployments: [oldOne({ booted: true }), newOne({ digest: "", pinned: true })],
      freeBytes: { boot: 1e7, sysroot: 5e9 },
    }),
    {},
  ],
  [
    "no room for a kernel",
    /in \/boot \| 9.5 MiB free/,
    fcosFacts({ freeBytes: { boot: 1e7, sysroot: 5e9 } }),
    {},
  ],
])("%s is refused", (_, words, facts, inputs) => {
  expect(problems(facts, inputs)).toMatch(words);
});

const clean = {
  deployments: [newOne({ booted: true, unlocked: "hotfix" }), newOne({ id: `${"e".repeat(64)}.0` })],
};
const little = { boot: 0, sysroot: 0 };
test.each<[string, FcosFacts, Partial<FcosHostInputs>]>([
  ["a machine as it comes", fcosFacts(), {}],
  ["an update driver that is to be masked", fcosFacts({ updateDrivers: zincati }), {}],
  ["a hotfix over an image that is left", fcosFacts(booted({ unlocked: "hotfix" })), {}],
  ["a hotfix, where the image itself is the rollback one", movedFacts(clean), {}],
  [
    "local layering, where the image is the rollback one",
    fcosFacts({
      deployments: [oldOne({ booted: true, layering: ["install htop"] }), newOne()],
      signaturePolicy: rejecting,
    }),
    {},
  ],
  [
    "no room, where nothing is fetched",
    fcosFacts({ deployments: [oldOne({ booted: true }), newOne()], freeBytes: little }),
    {},
  ],
  [
    "no room, where it is staged already",
    fcosFacts({ deployments: [stagedNew(), oldOne({ booted: true })], freeBytes: little }),
    {},
  ],
  [
    "an older kernel in /boot that ostree can give up",
    fcosFacts({
      deployments: [oldOne({ booted: true }), newOne({ digest: "" })],
      freeBytes: { boot: 1e7, sysroot: 5e9 },
    }),
    {},
  ],
  [
    "a kernel whose name tells no architecture",
    fcosFacts({ architecture: "aarch64" }),
    imageIn(newDigest, "6.12.94+deb13-cloud-amd64"),
  ],
])("%s is fine", (_, facts, inputs) => {
  expect(problems(facts, inputs)).toBe("");
});
