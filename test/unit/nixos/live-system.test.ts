import { requireInstallerFor } from "../../../provider/nixos/live-system";
import { phaseNames } from "../../../provider/nixos/schema";
import { debianFacts, installerFacts, nixosFacts } from "../support/builders";
import { failureOf } from "../support/fake-shell";

const stretches = phaseNames.flatMap((_, first) =>
  phaseNames.slice(first).map((_phase, count) => phaseNames.slice(first, first + count + 1)),
);

test("these are all stretches", () => expect(stretches).toHaveLength(10));

const live = stretches.filter((phases) => !phases.includes("kexec"));

test.each(live.flatMap((phases) => [debianFacts(), nixosFacts()].map((facts) => [phases, facts] as const)))(
  "%j on a live system is refused",
  async (phases, facts) => {
    const error = await failureOf(() => requireInstallerFor({ phases }, facts));
    expect(error.code).toBe("not-in-installer");
    expect(error.details).toMatchObject({
      what: expect.stringContaining("nothing was changed") as string,
      seen: expect.stringContaining(facts.osRelease.prettyName) as string,
      next: expect.stringContaining('"kexec"') as string,
    });
  },
);

test.each(stretches)("%j... begins with kexec, or runs in an installer", (...phases) => {
  const wanted = phases.filter((phase) => phase !== undefined);
  if (wanted.includes("kexec"))
    expect(() => requireInstallerFor({ phases: wanted }, debianFacts())).not.toThrow();
  expect(() => requireInstallerFor({ phases: wanted }, installerFacts())).not.toThrow();
});
