// What the constructor hands to the engine in a preview, by Pulumi's own mocks.
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { NixosHost, type NixosHostArgs } from "../../../provider/index";
import { declaredShape } from "../../../provider/nixos/schema";
import { nixosHost } from "../../../provider/runtime/nixos-host";
import { nixosKind } from "../../../provider/runtime/nixos-kind";
import { pickInputs } from "../../../provider/runtime/state";
import type { Inputs } from "../../../provider/runtime/inputs";
import { alpha } from "../support/builders";
import { Files } from "./bad-input/files";
import { everyField, everyGoodInput, placeIn } from "./every-field";

const files = new Files();
const registered = new Map<string, Inputs>();
let number = 0;

beforeAll(() =>
  pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => {
        registered.set(name, inputs as Inputs);
        return { id: name, state: inputs as object };
      },
      call: () => ({}),
    },
    "unit",
    "dev",
    true,
  ),
);
afterAll(() => files.remove());

async function registeredFor(args: Inputs): Promise<Inputs> {
  const name = `host-${++number}`;
  const host = new NixosHost(name, args as unknown as NixosHostArgs);
  await new Promise((resolve) => host.urn.apply(resolve));
  return registered.get(name) ?? {};
}

/** What a user can write, with store paths: no Nix is asked, and what is read from the store says that it was tried. */
const variants = everyGoodInput(files).map((inputs) => ({
  ...Object.fromEntries(Object.entries(inputs).filter(([key]) => key in declaredShape)),
  system: { toplevel: alpha, diskoScript: `${alpha}-disko` },
}));
const triedToEvaluate = expect.stringContaining(
  `${alpha} is no NixOS system in this machine's store`,
) as string;

test("known inputs are handed on as they are, and evaluated", async () => {
  for (const args of variants) {
    const inputs = await registeredFor(args);
    expect(inputs).toMatchObject(args);
    expect(inputs["__evaluationError"]).toEqual(triedToEvaluate);
  }
});

test("a store path that is no system is refused by check, in the words of the evaluation", async () => {
  const inputs = await registeredFor(variants[0] ?? {});
  const { failures } = await nixosHost.check({}, inputs);
  expect(failures.map(({ reason }) => reason)).toEqual([
    expect.stringContaining(`system.toplevel: ${alpha} is no NixOS system in this machine's store`),
  ]);
});

test("an argument that is none reaches check, which names it", async () => {
  expect(await registeredFor({ ...variants[0], instal: { phases: [] } })).toMatchObject({
    instal: { phases: [] },
  });
});

test("nix as null is refused by check, and does not end the program", async () => {
  const inputs = await registeredFor({ ...variants[0], nix: null });
  expect(inputs["__evaluationError"]).toEqual(triedToEvaluate);
});

const evaluatedBy = /^(system|nix|install|install\.diskoMode|nix\.options(\..*)?|system\..*)$/;

test.each(everyField().filter((field) => field !== "system.flake"))(
  "%s may be an unknown output",
  async (field) => {
    for (const args of variants) {
      const path = placeIn(args, field);
      if (path === undefined) continue;
      const unsure = structuredClone(args) as Inputs;
      const parent = path.slice(0, -1).reduce<Inputs>((inner, key) => inner[String(key)] as Inputs, unsure);
      parent[String(path.at(-1))] = pulumi.output(unknown);
      const inputs = await registeredFor(unsure);
      expect(Object.keys(pickInputs(nixosKind, inputs))).toEqual(
        expect.arrayContaining(["booted", "layout", "__bootKey"]),
      );
      // What does not decide about the system leaves it known: the preview shows real values.
      if (!evaluatedBy.test(field)) expect(inputs["__evaluationError"]).toEqual(triedToEvaluate);
    }
  },
);
