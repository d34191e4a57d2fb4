import { runJob, type Job } from "../../../provider/host/job";
import type { LocalResult } from "../../../provider/core/shell";
import { copyClosure } from "../../../provider/nixos/closure";
import type { NixosContext } from "../../../provider/nixos/context";
import { derivations } from "../../../provider/nixos/derivations";
import { build } from "../../../provider/nixos/phases/build";
import { rehearseNext } from "../../../provider/nixos/kexec-rehearsal";
import type { NixosHostInputs } from "../../../provider/nixos/schema";
import { alpha, beta, contextOf, debianFacts, inputsOf } from "../support/builders";
import { failureOf } from "../support/fake-shell";

jest.mock("../../../provider/host/job", () => ({ runJob: jest.fn() }));

const flags = ["--extra-experimental-features", "nix-command flakes"];
const script = inputsOf().__diskoScript;
const drvOf = (path: string) => `${path}.drv`;

interface Said {
  nix: string[][];
  relays: string[];
  jobs: Job[];
}

/** A stand-in for Nix here and jobs on the host: what each is asked for. */
function setUp(
  nix: NixosHostInputs["nix"],
  { evaluated = alpha, jobEnds = 0, jobSays = "built", copies = 0 } = {},
): { context: NixosContext; said: Said } {
  const said: Said = { nix: [], relays: [], jobs: [] };
  jest.mocked(runJob).mockImplementation((_, job) => {
    said.jobs.push(job);
    return Promise.resolve({ exitCode: jobEnds, output: jobSays });
  });
  const answers: Record<string, string> = {
    build: JSON.stringify([{ outputs: { out: evaluated } }, { outputs: { out: script } }]),
    eval: JSON.stringify([evaluated, script].map((outPath) => [drvOf(outPath), outPath])),
    "path-info": `/nix/store/dep\n${alpha}\n`,
  };
  const runLocal = (_: string, args: readonly string[]): Promise<LocalResult> => {
    said.nix.push([...args]);
    const command = args.find((argument) => argument in answers) ?? "copy";
    const exitCode = command === "copy" ? copies : 0;
    return Promise.resolve({ exitCode, stdout: answers[command] ?? "", stderr: "" });
  };
  const relay = (command: string) => {
    said.relays.push(command);
    return Promise.resolve({
      socketPath: "/tmp/nix.sock",
      remoteErrors: () => "",
      sentBytes: () => 0,
      close: () => Promise.resolve(),
    });
  };
  const session = { shell: () => Promise.resolve({ relay }) } as unknown as NixosContext["session"];
  return { said, context: { ...contextOf(inputsOf({ nix })), session, runLocal } };
}

const buildArguments = ["build", "--no-link", "--json", "--no-write-lock-file"];
const built = ["toplevel", "diskoScript"].map(
  (name) => `./machines#nixosConfigurations."alpha".config.system.build.${name}`,
);
const copyArguments = (path: string) => ["--no-check-sigs", "--to", "unix:///tmp/nix.sock", path];

test("without options nothing is added to a build or a copy", async () => {
  const { context, said } = setUp(undefined);
  await build.run(context, debianFacts());
  await copyClosure(context, alpha, "/mnt");
  expect(said.nix).toEqual([
    [...flags, ...buildArguments, ...built],
    [...flags, "copy", ...copyArguments(alpha)],
  ]);
  expect(said.relays).toEqual(["nix-daemon --stdio --store 'local?root=/mnt'"]);
  expect(said.jobs).toEqual([]);
});

test("options reach every nix command, after our own flags", async () => {
  const given = ["--option", "max-jobs", "4", "--option", "cores", "0"];
  const nix = { options: { "max-jobs": "4", cores: "0" }, substituteOnDestination: true };
  const { context, said } = setUp(nix);
  await build.run(context, debianFacts());
  await copyClosure(context, alpha, "");
  await derivations(context);
  expect(said.nix.map((args) => args.slice(0, 8))).toEqual(Array(4).fill([...flags, ...given]));
  expect(said.nix.map((args) => args[8])).toEqual(["build", "path-info", "copy", "eval"]);
});

test("builders are one argument of the build, and of nothing else", async () => {
  const builders = ["ssh://a x86_64-linux", "ssh://b aarch64-linux"];
  const { context, said } = setUp({ builders });
  await build.run(context, debianFacts());
  await copyClosure(context, alpha, "");
  expect(said.nix[0]).toEqual([...flags, ...buildArguments, "--builders", builders.join(" ; "), ...built]);
  expect(said.nix[1]?.join()).not.toContain("builders");
});

test("a kexec bundle of a flake is built by the same builders, with the same options", async () => {
  const { context, said } = setUp({ builders: ["ssh://a x86_64-linux", "ssh://b"], options: { cores: "2" } });
  const flake = `github:nix-community/nixos-images/${"0".repeat(40)}#installer`;
  const spec = { ...context.spec, kexecImages: [{ flake }] };
  await failureOf(() => rehearseNext({ ...context, spec }, debianFacts()));
  const given = ["--option", "cores", "2", "--option", "builders", "ssh://a x86_64-linux ; ssh://b"];
  expect(said.nix.map((args) => args.slice(0, 9))).toEqual([[...flags, ...given, "build"]]);
});

test("the host fetches what its substituters have, into the same store, before the rest is copied", async () => {
  const { context, said } = setUp({ substituteOnDestination: true });
  await copyClosure(context, alpha, "/mnt");
  expect(said.nix.map((args) => args[2])).toEqual(["path-info", "copy"]);
  expect(said.jobs.map(({ name, script: text }) => [name, text])).toEqual([
    [
      "fetch",
      `nix-store --store 'local?root=/mnt' --realise --ignore-unknown '/nix/store/dep' '${alpha}' > /dev/null`,
    ],
  ]);
});

test("substituters that are down are no reason to stop, and are named", async () => {
  const failing = { jobEnds: 1, jobSays: "error: unable to download 'https://cache'" };
  const { context, said } = setUp({ substituteOnDestination: true }, failing);
  await copyClosure(context, alpha, "");
  expect(said.nix.map((args) => args[2])).toEqual(["path-info", "copy"]);
  expect((context.progress as unknown as { events: string[] }).events).toContain(
    "warning the host could not fetch from its substituters: error: unable to download 'https://cache'",
  );
});

describe("built on the target", () => {
  const nix = { buildOn: "target" as const };

  test("nothing is built here: derivations go to the host, which builds them in the right store", async () => {
    const { context, said } = setUp(nix);
    await build.run(context, debianFacts());
    await copyClosure(context, script, "");
    await copyClosure(context, alpha, "/mnt");
    const evaluation = `./machines#nixosConfigurations."alpha".config.system.build`;
    expect(said.nix.map((args) => args.slice(2, 6))).toEqual([
      ["eval", "--json", "--no-write-lock-file", evaluation],
      ["copy", "--derivation", "--no-check-sigs", "--to"],
      ["copy", "--derivation", "--no-check-sigs", "--to"],
    ]);
    expect(said.nix.slice(1).map((args) => args.at(-1))).toEqual([drvOf(script), drvOf(alpha)]);
    expect(said.relays).toEqual(["nix-daemon --stdio", "nix-daemon --stdio --store 'local?root=/mnt'"]);
    expect(said.jobs.map((job) => job.script.split("\n"))).toEqual([
      ["set -e", `nix-store --realise '${drvOf(script)}'`, `nix-store --check-validity '${script}'`],
      [
        "set -e",
        "mkdir -p -m 1777 /mnt/tmp",
        "export TMPDIR=/mnt/tmp",
        `nix-store --store 'local?root=/mnt' --realise '${drvOf(alpha)}'`,
        `nix-store --store 'local?root=/mnt' --check-validity '${alpha}'`,
      ],
    ]);
  });

  test("a build that fails there says so, with its log", async () => {
    const { context } = setUp(nix, { jobEnds: 100, jobSays: "building\nerror: builder failed" });
    const error = await failureOf(() => copyClosure(context, alpha, ""));
    expect(error.code).toBe("build-failed");
    expect(error.details).toMatchObject({
      expected: `nix-store --realise to give ${alpha}`,
      seen: "exit code 100: error: builder failed",
      log: "building\nerror: builder failed",
    });
  });

  test("a flake that changed after its evaluation is refused before the host is touched", async () => {
    const { context, said } = setUp(nix, { evaluated: beta });
    const error = await failureOf(() => build.run(context, debianFacts()));
    expect(error.code).toBe("build-failed");
    expect(error.details).toMatchObject({ expected: alpha, seen: `${beta}, ${script}` });
    expect(said.relays).toEqual([]);
  });

  test("store paths are there already, and are copied", async () => {
    const { context, said } = setUp(nix);
    const inputs = { ...context.spec.inputs, system: { toplevel: alpha } };
    await copyClosure({ ...context, spec: { ...context.spec, inputs } }, alpha, "");
    expect(said.nix).toEqual([[...flags, "copy", ...copyArguments(alpha)]]);
  });
});
