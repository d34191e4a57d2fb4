import { mkdtempSync, rmSync, writeFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { derivations } from "../../../provider/nixos/derivations";
import { runLocal } from "../../../provider/transport/local";
import { contextOf, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), "derivations-test-")))));
afterEach(() => rmSync(folder, { recursive: true }));

const flake = `{ outputs = _: let
  drv = name: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; };
in { nixosConfigurations."odd.name".config.system.build = { toplevel = drv "top"; diskoScript = drv "disko"; }; }; }`;

/** The real Nix, offline, with a store of its own. */
function contextFor(toplevel: string) {
  writeFileSync(join(folder, "flake.nix"), flake);
  const options = { store: join(folder, "store"), "flake-registry": "" };
  const inputs = inputsOf({
    system: { flake: `path:${folder}#odd.name` },
    nix: { buildOn: "target", options },
  });
  const context = contextOf(inputs);
  return { ...context, runLocal, spec: { ...context.spec, toplevel } };
}

test("the derivations that the host is to build, each with the path that it must give", async () => {
  const error = await failureOf(() => derivations(contextFor("/nix/store/another")));
  expect(error.code).toBe("build-failed");
  expect(error.details.expected).toBe("/nix/store/another");
  const [toplevel = "", script] = error.details.seen?.split(", ") ?? [];
  expect([toplevel, script]).toEqual([
    expect.stringMatching(/^\/nix\/store\/[0-9a-z]{32}-top$/),
    expect.stringMatching(/^\/nix\/store\/[0-9a-z]{32}-disko$/),
  ]);
  const context = contextFor(toplevel);
  const found = await derivations(context);
  expect(found).toEqual([
    { drvPath: expect.stringMatching(/-top\.drv$/), outPath: toplevel },
    { drvPath: expect.stringMatching(/-disko\.drv$/), outPath: script },
  ]);
  expect(await derivations({ ...context, runLocal: () => Promise.reject(new Error("asked again")) })).toBe(
    found,
  );
});

test("what does not evaluate is told in Nix's words", async () => {
  const context = contextFor("/nix/store/x");
  writeFileSync(join(folder, "flake.nix"), `{ outputs = _: throw "nothing today"; }`);
  const error = await failureOf(() => derivations(context));
  expect(error.code).toBe("build-failed");
  expect(error.details.log).toContain("nothing today");
});
