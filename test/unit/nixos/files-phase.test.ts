import type { NixosContext } from "../../../provider/nixos/context";
import { files } from "../../../provider/nixos/phases/files";
import { install } from "../../../provider/nixos/phases/install";
import { contextOf, debianFacts, inputsOf, installerFacts } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const missing = { source: "/nowhere/at all" };
const cannotBeRead = "/nowhere/at all cannot be read: ENOENT";

test.each([
  ['extraFiles["/a"]', { extraFiles: { "/a": missing } }],
  ['diskEncryptionKeys["/tmp/k"]', { diskEncryptionKeys: { "/tmp/k": missing } }],
])("%s that is missing is found before anything, and that is said", async (property, given) => {
  const context = contextOf(inputsOf({ install: given }));
  const error = await failureOf(() => files.run(context, debianFacts()));
  expect(error.code).toBe("bad-input");
  expect(error.details.what).toBe(`install.${property}.source: ${cannotBeRead}; nothing was changed`);
  expect(error.details.next).toBeTruthy();
});

test("gone missing after the wipe, nobody says that nothing was changed", async () => {
  const session = { run: () => Promise.resolve({ exitCode: 1, stdout: "", stderr: "" }) };
  const context = {
    ...contextOf(inputsOf({ install: { extraFiles: { "/a": missing } } })),
    session: session as unknown as NixosContext["session"],
  };
  const facts = installerFacts();
  const error = await failureOf(() =>
    install.run(context, { ...facts, target: { ...facts.target, mounted: true } }),
  );
  expect(error.details.what).toBe(`install.extraFiles["/a"].source: ${cannotBeRead}`);
});
