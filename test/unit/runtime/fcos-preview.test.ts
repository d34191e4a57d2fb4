import type { FcosHostInputs } from "../../../provider/fcos/schema";
import type { FcosFacts } from "../../../provider/fcos/types";
import { movingLines } from "../../../provider/runtime/fcos-preview";
import { imageIn, newDigest, newKernel, oldDigest, oldKernel } from "../support/fcos-builders";
import { fcosContext, fcosFacts, movedFacts, newOne, oldOne } from "../support/fcos-facts";

const short = (digest: string): string => digest.slice(0, 19);
const found = `found Fedora CoreOS 42, kernel ${oldKernel}, ${short(oldDigest)}`;

function lines(
  inputs: Partial<FcosHostInputs> = {},
  facts: Partial<FcosFacts> = {},
  isBuilt = true,
): string[] {
  return movingLines(fcosContext(inputs), fcosFacts(facts), isBuilt).map(
    ({ severity, text }) => `${severity}: ${text}`,
  );
}

test("a machine that is moved", () =>
  expect(lines()).toEqual([
    `info: MOVE of web: ${found}; to ${short(newDigest)}, kernel ${newKernel}; one reboot`,
  ]));

test("an image whose kernel nobody declared", () =>
  expect(lines(imageIn(newDigest))).toEqual([
    `info: MOVE of web: ${found}; to ${short(newDigest)}; one reboot`,
  ]));

test("an image that is built in the same run", () =>
  expect(lines({}, {}, false)).toEqual([
    `info: MOVE of web: ${found}; to the image that is made first, kernel ${newKernel}; its digest is known when it was built; one reboot`,
  ]));

test("a reboot that is left to somebody", () =>
  expect(lines({ reboot: "manual" })).toEqual([
    expect.stringMatching(/; it runs it after a reboot by somebody \(reboot: "manual"\)$/),
  ]));

test("a machine that runs the image already", () => {
  const said = movingLines(fcosContext(), movedFacts({ receipt: undefined }), true);
  expect(said.map(({ text }) => text)).toEqual([expect.stringMatching(/; it runs that image already$/)]);
});

test("a machine that runs the image already, and would not boot it again", () => {
  const queued = { receipt: undefined, deployments: [oldOne(), newOne({ booted: true })] };
  expect(movingLines(fcosContext(), movedFacts(queued), true).map(({ text }) => text)).toEqual([
    expect.stringMatching(/; it runs that image already; what is queued for its next boot is taken back$/),
  ]);
});

test.each<[string, Partial<FcosHostInputs>, Partial<FcosFacts>]>([
  ["kernel arguments that it does not have", { kernelArguments: { present: ["quiet"] } }, {}],
  ["another kernel", {}, { kernelRelease: oldKernel }],
  ["a writable /usr", {}, { deployments: [newOne({ booted: true, unlocked: "development" })] }],
  ["a hotfix", {}, { deployments: [newOne({ booted: true, unlocked: "hotfix" }), newOne()] }],
])("the image runs already, and yet it is no end: %s", (_, inputs, facts) => {
  const said = movingLines(fcosContext(inputs), movedFacts({ receipt: undefined, ...facts }), true);
  expect(said.map(({ text }) => text)).toEqual([expect.stringMatching(/; one reboot$/)]);
});

test("what preflight would refuse is said before", () =>
  expect(lines({}, { transaction: "upgrade" })).toEqual([
    expect.stringMatching(/^info: MOVE of web/),
    expect.stringMatching(/^warn: the move would be refused: expected no transaction .*, seen upgrade/),
  ]));

test("an image that is not there yet: what does not depend on it is refused all the same", () =>
  expect(lines({}, { deployments: [oldOne({ booted: true, layering: ["install htop"] })] }, false)).toEqual([
    expect.stringMatching(/^info: MOVE of web/),
    expect.stringMatching(
      /^warn: the move would be refused: expected no local layering.*, seen install htop$/,
    ),
  ]));

test("what a policy says of an image that is not there yet, nobody knows", () => {
  const rejecting = { signaturePolicy: JSON.stringify({ default: [{ type: "reject" }] }) };
  expect(lines({}, rejecting, false)).toEqual([expect.stringMatching(/^info: MOVE of web/)]);
  expect(lines({}, rejecting)).toHaveLength(2);
});

test.each<[string, Partial<FcosFacts>, RegExp]>([
  ["no ostree", { ostreeBooted: false, deployments: [] }, /\[foreign-system\]/],
  [
    "a node of OKD",
    { machineConfigOperatorMarks: ["/etc/machine-config-daemon/currentconfig"] },
    /Machine Config Operator[\s\S]*\[foreign-system\]/,
  ],
  ["another resource's", { receipt: { machine: "db", attempts: [] } }, /"db"[\s\S]*adopt/],
])("a machine that is refused: %s", (_, facts, words) => {
  expect(lines({}, facts)).toEqual([expect.stringMatching(/^warn: found .*; the move would be refused: /)]);
  expect(lines({}, facts).join()).toMatch(words);
});
