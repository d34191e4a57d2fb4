import { BlankProgram } from "./blank-program";

// An address of the documentation range, at which nothing ever answers: a preview must not need it.
const source = `
import { NixosHost } from "pulumi-immutable-os";

const web = new NixosHost("web", {
  machine: "web",
  connection: { host: "192.0.2.1", hostKey: "SHA256:${"A".repeat(43)}" },
  install: {
    kexec: { url: "https://192.0.2.1/kexec.tar.gz", sha256: "${"0".repeat(64)}" },
    disks: [{ device: "/dev/vda" }],
    probeInPreview: false,
  },
  system: { flake: "./machines#web" },
});

export const kernel = web.booted.kernelRelease;
`;

describe("the package as it is published", () => {
  let program: BlankProgram;
  let files: string[];

  beforeAll(async () => {
    program = await BlankProgram.create(source);
    files = await program.pack();
    await program.install();
  });
  afterAll(() => program.remove());

  test("carries the compiled product and its papers, nothing else", () => {
    const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    expect(files.filter((path) => !path.startsWith("dist/")).sort()).toEqual(papers);
    expect(files).toEqual(
      expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "dist/runtime/provider.js"]),
    );
    expect(files.filter((path) => !/\.(js|d\.ts)$/.test(path)).sort()).toEqual(papers);
  });

  test("type-checks in a program that uses it", async () => {
    await program.run("node", ["node_modules/typescript/bin/tsc", "--noEmit", "--skipLibCheck"]);
  });

  test("offers the provider under the path that is written into every state", async () => {
    const script =
      'console.log(Object.keys(require("pulumi-immutable-os/provider").NixosHost).sort().join(" "))';
    const methods = (await program.run("node", ["-e", script])).trim().split(" ");
    expect(methods).toEqual(expect.arrayContaining(["check", "create", "delete", "diff", "read", "update"]));
  });

  test("previews a new host without touching the network", async () => {
    const { steps } = await program.preview();
    const host = steps.find(({ urn }) => urn.endsWith(":NixosHost::web"));
    expect(host?.op).toBe("create");
    expect(host?.newState?.inputs).toMatchObject({
      booted: { kernelRelease: "6.12.94" },
      __provider: 'exports.handler=()=>require("pulumi-immutable-os/provider").NixosHost;',
    });
  });
});
