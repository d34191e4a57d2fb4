import { playAnew, played, up } from "./played-runs";

jest.mock("../../../provider/fcos/context");
jest.mock("../../../provider/host/health");
jest.setTimeout(60_000);
beforeEach(playAnew);

test.each([
  ["bootc", true],
  ["rpm-ostree", false],
] as const)("%s works in the login's own SELinux domain: %s", async (driver, isScope) => {
  const { machine } = played;
  machine.facts.driver = driver;
  const scripts: string[] = [];
  machine.instead.set("rebase", () => {
    scripts.push(...machine.shells.flatMap((shell) => shell.scripts));
    return { exitCode: 1 };
  });
  await up();
  expect(scripts.some((script) => script.includes("--scope --unit=immutable-os-rebase"))).toBe(isScope);
  expect(scripts.some((script) => script.includes("--service-type=exec --unit=immutable-os-rebase"))).toBe(
    !isScope,
  );
});
