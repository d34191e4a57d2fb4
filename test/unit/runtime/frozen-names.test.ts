// What stands in users' states. A test that fails here means: states that exist can no longer be read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { NixosHost } from "../../../provider/index";
import * as handlers from "../../../provider/runtime/provider";
import { findNixosDrift } from "../../../provider/nixos/drift";
import { stateOf } from "../../../provider/nixos/state";
import { nixosHostSchema } from "../../../provider/nixos/schema";
import { imageStateWith } from "../support/image-builders";
import { alpha, contextOf, inputsOf, nixosFacts } from "../support/builders";

const root = join(__dirname, "../../..");
const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, unknown>;

const registered: pulumi.runtime.MockResourceArgs[] = [];
beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: (args) => {
      registered.push(args);
      return { id: args.name, state: args.inputs as object };
    },
    call: () => ({}),
  });
  const host = new NixosHost("web", {
    machine: "web",
    connection: { host: "h", hostKey: "accept-new" },
    system: { flake: "no-hash" },
  });
  await new Promise((resolve) => host.urn.apply(resolve));
});

test("type token and __provider text", () => {
  expect(registered[0]?.type).toBe("pulumi-nodejs:dynamic/immutable-os:NixosHost");
  const { __provider: text } = registered[0]?.inputs as { __provider: string };
  expect(text).toBe('exports.handler=()=>require("pulumi-immutable-os/provider").NixosHost;');
});

test("the two-sided keys are inputs of every resource, and what drift is told by", () => {
  expect(registered[0]?.inputs).toMatchObject({
    booted: { kernelRelease: "", toplevel: "" },
    current: { toplevel: "" },
    bootDefault: { toplevel: "" },
  });
  const another = nixosFacts(alpha, {
    kernelRelease: "x",
    currentSystem: "x",
    bootedSystem: "x",
    bootedFiles: "x",
    live: {
      ...nixosFacts().live,
      bootDefault: { loader: "grub", toplevel: "x", kernelBytes: 1, initrdBytes: 1 },
    },
  });
  expect(findNixosDrift(inputsOf(), another).map((drift) => drift.key)).toEqual([
    "booted.kernelRelease",
    "booted.toplevel",
    "current.toplevel",
    "bootDefault.toplevel",
  ]);
});

test("the package's name and its subpath lead to the handler of that text", () => {
  expect(read("package.json")["name"]).toBe("pulumi-immutable-os");
  const { "./provider": entry } = read("package.json")["exports"] as Record<string, { default: string }>;
  expect(entry?.default).toBe("./dist/runtime/provider.js");
  expect(existsSync(join(root, "provider/runtime/provider.ts"))).toBe(true);
  expect(Object.keys(handlers).sort()).toEqual(["FcosHost", "FcosLayeredImage", "NixosHost"]);
  for (const handler of Object.values(handlers))
    expect(Object.keys(handler).sort()).toEqual(["check", "create", "delete", "diff", "read", "update"]);
});

test("the state's version, and its keys", () => {
  const state = stateOf(contextOf(), nixosFacts(), { phase: "confirm", unfinished: "" }, undefined);
  expect(state.__stateVersion).toBe(1);
  const own = [
    "attempts",
    "bootId",
    "bootedSystem",
    "disks",
    "history",
    "hostKeys",
    "kexecImage",
    "machineId",
    "phase",
    "unfinished",
  ];
  const hidden = ["__declared", "__installed", "__stateVersion"];
  const notGivenHere = ["__evaluationError", "adopt", "nix"];
  const inputs = Object.keys(nixosHostSchema.shape).filter((key) => !notGivenHere.includes(key));
  expect(Object.keys(state).sort()).toEqual([...own, ...hidden, ...inputs].sort());
});

test("the state's version of an image, and its keys", () => {
  const state = imageStateWith();
  expect(state.__stateVersion).toBe(1);
  const made = "containerfile digest initramfs inspections ownTag reference signature sizeBytes tags";
  const inputs = "base kernel registry kernelRelease published __fileHashes __urn";
  expect(Object.keys(state).sort()).toEqual(
    [...made.split(" "), ...inputs.split(" "), "__stateVersion"].sort(),
  );
});
